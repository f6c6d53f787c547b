/* A whole scan as a C programmer would write it: the same arrays, the same rows, the same results to the bit.
   It does what the benchmark's plant has: samples, calculations, cascaded and single loops, outputs, alarms,
   reports. What the plant has not (interlocks, commands, selectors) is not here; meeting it is an error. */

#include "control.c"
#include "expression_interpreter.c"
#include "layout.h"
#include "scan_samples.h"

#define MODE_CASCADE 2
#define PIECE 256
#define SUPERVISED 50.0
#define PI 3.141592653589793
#define REFRESH_NS 10000000000LL
#define BEAT_NS 500000000LL
#define SUBSTITUTED 0x40u

static void calculate(const state *s, int64_t now_ns, int64_t utc_ns)
{
    const entry *entries = (const entry *)s->program_entries;
    evaluate((const instruction *)s->program_code, entries, (uint64_t)s->program_entries_count, s->program_inputs,
             s->memory_value, s->memory_quality, s->memory_register, s->memory_register_quality, s->memory_cells,
             s->memory_evaluated_ns, s->image_value, s->image_quality, s->counters->scan, now_ns);
    for (int64_t e = 0; e < s->program_entries_count; e++)
        if (entries[e].tag >= 0)
            publish(s, entries[e].tag, s->memory_value[e], s->memory_quality[e], now_ns, utc_ns);
}

/* What every inner loop takes and has, the last ones first. */
static int look_back(const state *s)
{
    int other = 0;
    for (int64_t k = s->structures_links_count - 1; k >= 0; k--) {
        link_row *link = &s->structures_links[k];
        int64_t i = link->loop, outer = link->from_loop;
        double u = s->loops_output[i];
        int takes = s->loops_mode[i] == MODE_CASCADE && s->loops_special[i] == 0;
        int follows = s->loops_out_low[i] < u && u < s->loops_out_high[i] && s->loops_applied[i] == u && s->loops_goal[i] == u;
        int begins = link->blocked != 0 || link->ready == -1;
        link->blocked = !takes;
        link->actual = follows || begins || !takes ? s->loops_sp[i] : s->loops_y[i];
        other += !takes || s->loops_row[outer].blocked != 0;
        s->loops_applied[outer] = link->actual;
    }
    return other;
}

static void send_on(const state *s, int64_t first, int64_t last)
{
    for (int64_t k = first; k < last; k++) {
        link_row *link = &s->structures_links[k];
        const loop_row *inner = &s->loops_row[link->loop];
        link->ready = s->loops_row[link->from_loop].live;
        link->value = s->loops_output[link->from_loop];
        s->loops_target[link->loop] = clamp(link->value, inner->sp_low, inner->sp_high);
    }
}

static __attribute__((noinline)) void add_errors(
    int64_t count, double h, const double *restrict sp, const double *restrict y, const uint8_t *restrict track,
    double *restrict in_control, double *restrict pv, double *restrict error, double *restrict absolute,
    double *restrict square)
{
    for (int64_t i = 0; i < count; i++) {
        double counted = track[i] == LAW ? h : 0.0, e = sp[i] - y[i], share = counted * e;
        in_control[i] += counted;
        pv[i] += counted * y[i];
        error[i] += share;
        absolute[i] += fabs(share);
        square[i] += share * e;
    }
}

static __attribute__((noinline)) void add_output(
    int64_t count, double h, const double *restrict output, const uint8_t *restrict mode,
    const uint8_t *restrict track, const double *restrict low, const double *restrict high,
    const uint8_t *restrict normal, double *restrict observed, double *restrict in_normal,
    double *restrict saturated, double *restrict travel, double *restrict before)
{
    for (int64_t i = 0; i < count; i++) {
        int at_limit = (output[i] <= low[i]) | (output[i] >= high[i]);
        observed[i] += h;
        in_normal[i] += mode[i] == normal[i] ? h : 0.0;
        saturated[i] += (at_limit & (track[i] == LAW)) ? h : 0.0;
        travel[i] += fabs(output[i] - before[i]);
        before[i] = output[i];
    }
}

static __attribute__((noinline)) void detect(
    int64_t count, double h, const double *restrict sp, const double *restrict y, const uint8_t *restrict track,
    const double *restrict kp, const double *restrict ki, const double *restrict band, double *restrict lobe,
    double *restrict crossings, double *restrict detections)
{
    for (int64_t i = 0; i < count; i++) {
        int lawful = track[i] == LAW;
        double share = lawful ? h * (sp[i] - y[i]) : 0.0, rate = ki[i] / kp[i];
        int crossed = share * lobe[i] < 0.0, large = crossed & (fabs(lobe[i]) * rate * PI > band[i]);
        double fade = 1.0 - clamp(rate * h / SUPERVISED, 0.0, 1.0);
        crossings[i] += crossed ? 1.0 : 0.0;
        detections[i] = detections[i] * fade + (large ? 1.0 : 0.0);
        double gathered = crossed ? share : lobe[i] + share;
        lobe[i] = lawful ? gathered : 0.0;
    }
}

static void observe(const state *s, int64_t first, int64_t last, double h)
{
    for (int64_t f = first; f < last; f += PIECE) {
        int64_t n = f + PIECE < last ? PIECE : last - f;
        add_errors(n, h, s->loops_sp + f, s->loops_y + f, s->loops_track + f, s->performance_in_control_s + f,
                   s->performance_pv + f, s->performance_error + f, s->performance_absolute_error + f,
                   s->performance_square_error + f);
        add_output(n, h, s->loops_output + f, s->loops_mode + f, s->loops_track + f, s->loops_out_low + f,
                   s->loops_out_high + f, s->performance_normal_mode + f, s->performance_observed_s + f,
                   s->performance_normal_s + f, s->performance_saturated_s + f, s->performance_travel + f,
                   s->performance_output_before + f);
        detect(n, h, s->loops_sp + f, s->loops_y + f, s->loops_track + f, s->loops_kp + f, s->loops_ki + f,
               s->performance_band + f, s->performance_lobe + f, s->performance_crossings + f,
               s->performance_detections + f);
    }
}

static int64_t execute_group(const state *s, group_row *g, int64_t now_ns, int64_t utc_ns)
{
    int64_t f = g->first, n = g->last - f;
    double h = clamp((double)(now_ns - g->executed_ns) * 1e-9, 0.5 * ((double)g->period_ns * 1e-9),
                     2.0 * ((double)g->period_ns * 1e-9));
    loops l = {.y = s->loops_y + f, .target = s->loops_target + f, .sp = s->loops_sp + f, .sp_rate = s->loops_sp_rate + f,
               .mode = s->loops_mode + f, .track = s->loops_track + f, .special = s->loops_special + f,
               .pv = s->loops_pv + f};
    int64_t other = decide(&l, n, s->image_value, s->image_quality);
    move_set_points(&l, n, h);
    execute(n, h, s->loops_kp + f, s->loops_ki + f, s->loops_td + f, s->loops_n + f, s->loops_b + f, s->loops_c + f,
            s->loops_kt + f, s->loops_leak + f, s->loops_bias + f, s->loops_out_low + f, s->loops_out_high + f,
            s->loops_out_rate + f, s->loops_out_rate_down + f, l.y, l.sp, l.track, s->loops_integral + f,
            s->loops_derivative + f, s->loops_weighted + f, s->loops_output + f, s->loops_goal + f,
            s->loops_applied + f);
    observe(s, f, g->last, h);
    g->executed_ns = now_ns;
    send_on(s, g->first_link, g->last_link);
    for (int64_t i = f; i < g->last; i++) {
        int64_t tag = s->loops_shown[i];
        publish(s, tag, s->loops_sp[i], 0, now_ns, utc_ns);
        publish(s, tag + 1, s->loops_output[i], 0, now_ns, utc_ns);
        publish(s, tag + 2, (double)s->loops_mode[i], 0, now_ns, utc_ns);
    }
    return other;
}

static int write_outputs(const state *s, int64_t now_ns, int64_t utc_ns)
{
    int64_t *ring = s->outputs_ring, capacity = s->outputs_rows_count;
    int other = 0;
    for (int64_t k = 0; k < s->outputs_slots_count; k++) {
        slot_row *slot = &s->outputs_slots[k];
        other += slot->forced != 0 || slot->loop < 0 || slot->closing != 0;
        slot->value = s->loops_output[slot->loop];
        slot->reason = 0;
        int due = isfinite(slot->value) && (slot->value != slot->sent || now_ns - slot->sent_ns >= REFRESH_NS);
        if (slot->live == 0 || !due) continue;
        if (room(ring, capacity) < 1) {
            s->counters->outputs_refused++;
            continue;
        }
        output_row *row = &s->outputs_rows[ring[TAIL] & (capacity - 1)];
        row->value = slot->value;
        row->scan = s->counters->scan;
        row->tag = (int32_t)slot->tag;
        row->reason = 0;
        __atomic_store_n(&ring[TAIL], ring[TAIL] + 1, __ATOMIC_RELEASE);
        slot->sent = slot->value;
        slot->sent_ns = now_ns;
        if (slot->role == ROLE_WRITTEN) publish(s, slot->tag, slot->value, SUBSTITUTED, now_ns, utc_ns);
    }
    return other;
}

static int64_t scan(const state *s, int64_t now_ns, int64_t utc_ns)
{
    s->counters->scan++;
    int64_t other = drain_inbox(s, now_ns, utc_ns);
    look_after(s, now_ns, utc_ns);
    calculate(s, now_ns, utc_ns);
    other += look_back(s);
    for (int64_t g = 0; g < s->groups_count; g++) {
        group_row *group = &s->groups[g];
        if (group->executed_ns == 0 || now_ns - group->executed_ns >= group->period_ns - group->slack_ns)
            other += execute_group(s, group, now_ns, utc_ns);
    }
    other += write_outputs(s, now_ns, utc_ns);
    if (s->counters->beats == 0 || now_ns - s->counters->beat_ns >= BEAT_NS) {
        s->counters->beat_ns = now_ns;
        s->counters->beats = s->counters->beats % 32767 + 1;
    }
    evaluate_alarms((const alarms *)&s->alarms_tag, s->alarms_tag_count, s->image_value, s->image_quality,
                    s->image_source_ns, s->transitions_rows, s->transitions_rows_count, &s->transitions_ring[HEAD],
                    &s->transitions_ring[TAIL], &s->counters->occurrences, now_ns, utc_ns,
                    now_ns - s->counters->scanned_ns);
    s->counters->scanned_ns = now_ns;
    return other;
}

/* Scans, each after `rows` samples of one of `kinds` sets were put into the inbox; what leaves is taken at once.
   Returns how often something was met that is not here. */
int64_t whole_scans(const state *s, const sample_row *samples, int64_t kinds, int64_t rows, int64_t count,
                    int64_t now_ns, int64_t utc_ns, int64_t period_ns)
{
    int64_t other = 0, mask = s->inbox_rows_count - 1;
    for (int64_t k = 0; k < count; k++, now_ns += period_ns, utc_ns += period_ns) {
        int64_t tail = s->inbox_ring[TAIL];
        for (int64_t n = 0; n < rows; n++) {
            sample_row *row = &s->inbox_rows[(tail + n) & mask];
            *row = samples[k % kinds * rows + n];
            row->source_ns = utc_ns;
        }
        s->inbox_ring[TAIL] = tail + rows;
        other += scan(s, now_ns, utc_ns);
        s->reports_ring[HEAD] = s->reports_ring[TAIL];
        s->outputs_ring[HEAD] = s->outputs_ring[TAIL];
        s->transitions_ring[HEAD] = s->transitions_ring[TAIL];
    }
    return other;
}
