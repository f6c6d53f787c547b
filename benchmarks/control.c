/* The PID law and the alarms of control/kernels as a C programmer would write them: the same columns
   and rows, the same results to the bit. The benchmark compares the two. */

#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdint.h>
#include <time.h>

#define BAD 0x80000000u
#define LAW 0
#define GOAL 1
#define DIRECT 2
#define CHUNK 64
#define NO_STEP (-1)
enum { RAISE, CLEAR, EXPIRE = 7, RE_ALARM = 4 };
enum { ACTIVE = 1, UNACKNOWLEDGED = 2, LATCHED = 4, SHELVED = 8, SILENT = 56 };

typedef struct {
    double *kp, *ki, *td, *n, *b, *c, *kt, *leak, *bias, *low, *high, *rate, *rate_down, *sp_rate;
    double *y, *target, *sp, *integral, *derivative, *weighted, *output, *goal, *applied;
    uint8_t *mode, *track, *special;
    uint32_t *pv;
} loops;

typedef struct {
    double limit, trip, clear;
    int64_t on_ns, off_ns, period_ns, re_alarm_ns, shelve_ns, latching, group;
    double value;
    int64_t since_ns, violated_ns, onset_ns, annunciated_ns, occurrence, acknowledged_ns, shelved_until_ns;
    int64_t until_ns, utc_ns, ticket, flags, announced, trigger, changes, order;
} alarm_row;

typedef struct {
    int64_t utc_ns, onset_ns, occurrence, ticket;
    double value, limit;
    int64_t annunciated_ns, until_ns;
    int32_t kind, index, before, after, count, cause, order, spare;
} transition;

typedef struct {
    uint32_t *tag;
    double *sign, *threshold;
    uint8_t *hot;
    alarm_row *row;
} alarms;

/* The flags after a trigger that values or timers cause, or NO_STEP. */
static int64_t next_flags(int64_t flags, int trigger, int64_t latching)
{
    int64_t silent = flags & SILENT, active = flags & ACTIVE, rest;
    switch (trigger) {
    case RAISE: return active ? NO_STEP : silent ? flags | ACTIVE : ACTIVE | UNACKNOWLEDGED;
    case CLEAR:
        if (!active) return NO_STEP;
        return silent ? flags & ~ACTIVE : (flags & UNACKNOWLEDGED) | (latching ? LATCHED : 0);
    case RE_ALARM: return flags == ACTIVE ? ACTIVE | UNACKNOWLEDGED : NO_STEP;
    default: /* EXPIRE */
        if (!(flags & SHELVED)) return NO_STEP;
        rest = flags & ~SHELVED;
        return rest & SILENT ? rest : active ? ACTIVE | UNACKNOWLEDGED : 0;
    }
}

static inline double clamp(double value, double low, double high)
{
    double lifted = value > low ? value : low;
    return lifted < high ? lifted : high;
}

static inline double approach(double value, double target, double rise, double fall)
{
    double distance = target - value;
    double bounded = distance < -fall ? value - fall : target;
    return distance > rise ? value + rise : bounded;
}

/* Returns how many loops are special: the benchmark has none. */
static int64_t decide(const loops *l, int64_t count, const double *restrict value, const uint32_t *restrict quality)
{
    const uint32_t *restrict pv = l->pv;
    const uint8_t *restrict mode = l->mode, *restrict special = l->special;
    double *restrict y = l->y;
    uint8_t *restrict track = l->track;
    int64_t specials = 0;
    for (int64_t i = 0; i < count; i++) {
        double v = value[pv[i]];
        if (quality[pv[i]] < BAD && v - v == 0.0 && special[i] == 0) {
            y[i] = v;
            track[i] = mode[i] != 0 ? LAW : GOAL;
        } else specials++;
    }
    return specials;
}

static void move_set_points(const loops *l, int64_t count, double h)
{
    double *restrict sp = l->sp;
    const double *restrict target = l->target, *restrict rate = l->sp_rate;
    for (int64_t i = 0; i < count; i++) sp[i] = approach(sp[i], target[i], rate[i] * h, rate[i] * h);
}

/* Parameters, not local pointers: clang believes restrict only there. */
static __attribute__((noinline)) void execute(
    int64_t count, double h, const double *restrict kp, const double *restrict ki, const double *restrict td,
    const double *restrict n, const double *restrict b, const double *restrict c, const double *restrict kt,
    const double *restrict leak, const double *restrict bias, const double *restrict low,
    const double *restrict high, const double *restrict rate, const double *restrict rate_down,
    const double *restrict y,
    const double *restrict sp, const uint8_t *restrict track, double *restrict integral,
    double *restrict derivative, double *restrict weighted, double *restrict output, double *restrict goal,
    double *restrict applied)
{
    for (int64_t i = 0; i < count; i++) {
        int lawful = track[i] == LAW;
        double p = kp[i] * (b[i] * sp[i] - y[i]);
        double d_input = c[i] * sp[i] - y[i];
        double fade = td[i] / (td[i] + n[i] * h);
        double d = fade * (derivative[i] + kp[i] * n[i] * (d_input - weighted[i]));
        double pull = clamp(kt[i] * h, 0.0, 1.0);
        double settled = integral[i] + pull * (applied[i] - output[i]);
        double v = p + settled + d + bias[i];
        double wanted = lawful ? v : goal[i];
        double limited = clamp(wanted, low[i], high[i]);
        double u = approach(output[i], limited, rate[i] * h, rate_down[i] * h);
        u = track[i] == DIRECT ? goal[i] : u;
        double kept = 1.0 - clamp(leak[i] * h, 0.0, 1.0);
        double integrated = kept * settled + ki[i] * h * (sp[i] - y[i]) + pull * (u - v);
        double following = u - p - bias[i];
        double i_term = lawful ? integrated : following;
        int finite = i_term - i_term == 0.0;
        integral[i] = finite ? i_term : 0.0;
        derivative[i] = lawful && finite ? d : 0.0;
        weighted[i] = d_input;
        output[i] = u;
        applied[i] = u;
        goal[i] = lawful ? limited : goal[i];
    }
}

static int64_t count_differing(const alarms *a, int64_t first, int64_t last, const double *restrict value)
{
    const uint32_t *restrict tag = a->tag;
    const double *restrict sign = a->sign, *restrict threshold = a->threshold;
    const uint8_t *restrict hot = a->hot;
    int64_t differing = 0;
    for (int64_t i = first; i < last; i++) differing += hot[i] != (sign[i] * value[tag[i]] >= threshold[i]);
    return differing;
}

static int trigger_of(alarm_row *row, int active, int above, int usable, int64_t source_ns, int64_t now_ns,
                      int64_t elapsed_ns)
{
    if (!usable) {
        if (row->since_ns != 0) row->since_ns += elapsed_ns;
        return NO_STEP;
    }
    if (above == active) {
        row->since_ns = 0;
        return NO_STEP;
    }
    if (row->since_ns == 0) {
        row->since_ns = now_ns;
        if (above) row->violated_ns = source_ns;
    }
    if (now_ns - row->since_ns < (above ? row->on_ns : row->off_ns)) return NO_STEP;
    row->since_ns = 0;
    return above ? RAISE : CLEAR;
}

static void apply(const alarms *a, int64_t i, int trigger, double v, int64_t *occurrences, int64_t now_ns,
                  int64_t utc_ns)
{
    alarm_row *row = &a->row[i];
    int64_t before = row->flags, after = next_flags(before, trigger, row->latching);
    if (after == NO_STEP) return;
    if (trigger == RAISE || (after == (ACTIVE | UNACKNOWLEDGED) && after != before)) {
        row->occurrence = ++*occurrences;
        row->annunciated_ns = after == (ACTIVE | UNACKNOWLEDGED) ? utc_ns : 0;
        if (trigger == RAISE) row->onset_ns = row->violated_ns;
    }
    if (after == ACTIVE) row->acknowledged_ns = now_ns;
    if (!(after & SHELVED)) row->shelved_until_ns = row->until_ns = 0;
    row->flags = after;
    row->trigger = trigger;
    row->changes++;
    row->value = v;
    row->ticket = 0;
    row->utc_ns = utc_ns;
    a->threshold[i] = after & ACTIVE ? row->clear : row->trip;
}

static int timer_due(const alarm_row *row, int64_t now_ns)
{
    if (row->flags & SHELVED && now_ns >= row->shelved_until_ns) return EXPIRE;
    if (row->flags == ACTIVE && row->re_alarm_ns > 0 && now_ns - row->acknowledged_ns >= row->re_alarm_ns)
        return RE_ALARM;
    return NO_STEP;
}

static void look_at(const alarms *a, int64_t i, const double *value, const uint32_t *quality,
                    const int64_t *source_ns, transition *ring, int64_t capacity, int64_t *head, int64_t *tail,
                    int64_t *occurrences, int64_t now_ns, int64_t utc_ns, int64_t elapsed_ns)
{
    uint32_t tag = a->tag[i];
    double v = value[tag];
    int above = a->sign[i] * v >= a->threshold[i];
    if (a->hot[i] == above) return;
    alarm_row *row = &a->row[i];
    int active = (row->flags & ACTIVE) != 0;
    int trigger = trigger_of(row, active, above, quality[tag] < BAD && !isnan(v), source_ns[tag], now_ns, elapsed_ns);
    if (trigger != NO_STEP) apply(a, i, trigger, v, occurrences, now_ns, utc_ns);
    trigger = timer_due(row, now_ns);
    if (trigger != NO_STEP) apply(a, i, trigger, v, occurrences, now_ns, utc_ns);
    if (row->changes > 0 && *tail - __atomic_load_n(head, __ATOMIC_ACQUIRE) < capacity) {
        ring[*tail & (capacity - 1)] = (transition){
            row->utc_ns, row->onset_ns, row->occurrence, row->ticket, row->value, row->limit, row->annunciated_ns,
            row->until_ns, 1, (int32_t)i, (int32_t)row->announced, (int32_t)row->flags, (int32_t)row->changes,
            (int32_t)row->trigger, (int32_t)row->order, 0};
        __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
        row->announced = row->flags;
        row->changes = 0;
    }
    int timed = row->since_ns != 0 || row->flags & SHELVED || (row->flags == ACTIVE && row->re_alarm_ns > 0);
    a->hot[i] = (uint8_t)((row->flags & ACTIVE) + (timed || row->changes > 0 ? 2 : 0));
}

static void evaluate_alarms(const alarms *a, int64_t count, const double *value, const uint32_t *quality,
                            const int64_t *source_ns, transition *ring, int64_t capacity, int64_t *head,
                            int64_t *tail, int64_t *occurrences, int64_t now_ns, int64_t utc_ns, int64_t elapsed_ns)
{
    for (int64_t first = 0; first < count; first += CHUNK) {
        int64_t last = first + CHUNK < count ? first + CHUNK : count;
        if (count_differing(a, first, last, value) == 0) continue;
        for (int64_t i = first; i < last; i++)
            look_at(a, i, value, quality, source_ns, ring, capacity, head, tail, occurrences, now_ns, utc_ns,
                    elapsed_ns);
    }
}

/* Scans with the values of one row of `images` after the other; returns how many loops were special. */
int64_t scans(const loops *l, int64_t loop_count, const alarms *a, int64_t alarm_count, const double *images,
              int64_t image_count, int64_t tags, const uint32_t *quality, const int64_t *source_ns,
              transition *ring, int64_t capacity, int64_t *head, int64_t *tail, int64_t *occurrences,
              int64_t count, int64_t now_ns, int64_t utc_ns, int64_t period_ns)
{
    int64_t specials = 0;
    for (int64_t k = 0; k < count; k++) {
        const double *value = images + (k % image_count) * tags;
        specials += decide(l, loop_count, value, quality);
        move_set_points(l, loop_count, period_ns * 1e-9);
        execute(loop_count, period_ns * 1e-9, l->kp, l->ki, l->td, l->n, l->b, l->c, l->kt, l->leak, l->bias,
                l->low, l->high, l->rate, l->rate_down, l->y, l->sp, l->track, l->integral, l->derivative,
                l->weighted, l->output, l->goal, l->applied);
        evaluate_alarms(a, alarm_count, value, quality, source_ns, ring, capacity, head, tail, occurrences,
                        now_ns + k * period_ns, utc_ns + k * period_ns, period_ns);
        *head = *tail;
    }
    return specials;
}

/* Sleeps to a grid of deadlines and writes how late each wake-up was: what the machine allows. */
void lateness(int64_t deadline, int64_t period_ns, int64_t count, int64_t *late_ns)
{
    for (int64_t k = 0; k < count; k++) {
        deadline += period_ns;
        struct timespec t = (struct timespec){deadline / 1000000000LL, deadline % 1000000000LL};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0) != 0) {}
        clock_gettime(CLOCK_MONOTONIC, &t);
        late_ns[k] = t.tv_sec * 1000000000LL + t.tv_nsec - deadline;
    }
}
