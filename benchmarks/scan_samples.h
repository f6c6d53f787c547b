/* Samples in, reports out: control/stages/inbox.py, freshness.py, reports.py as a C programmer would write them. */

#define HEAD 0
#define TAIL 16
#define NEVER INT64_MAX
#define STALE 0x2u
#define RANGE 0x20u
#define CLAMPED 0x2000u
#define OVERFLOW_BEFORE 0x4000u
#define CLOCK_OFF 0x8000u
#define HISTORY 0x10000u
#define BLOCK 64
enum { ROLE_UNUSED, ROLE_DEVICE, ROLE_ENGINE, ROLE_WRITTEN };
enum { NO_NEWS, SENT, REFUSED };

static inline int64_t room(const int64_t *ring, int64_t capacity)
{
    return capacity - (ring[TAIL] - __atomic_load_n(&ring[HEAD], __ATOMIC_ACQUIRE));
}

static inline void due_by(const state *s, int64_t tag, int64_t time_ns)
{
    if (s->tags_deadline_ns[tag] > time_ns) {
        int64_t *block = &s->tags_block_deadline_ns[tag / BLOCK];
        s->tags_deadline_ns[tag] = time_ns;
        if (time_ns < *block) *block = time_ns;
    }
}

static int send_report(const state *s, int64_t tag, double value, uint32_t quality, int64_t source_ns, uint32_t status,
                       uint32_t ordinal)
{
    reported_row *r = &s->tags_reported[tag];
    int64_t *ring = s->reports_ring, capacity = s->reports_rows_count;
    if (room(ring, capacity) < 1) {
        r->refused++;
        r->refused_total++;
        s->counters->reports_refused++;
        due_by(s, tag, 0);
        return 0;
    }
    sample_row *row = &s->reports_rows[ring[TAIL] & (capacity - 1)];
    row->value = value;
    row->source_ns = source_ns;
    row->tag = (int32_t)tag;
    row->quality = r->refused > 0 ? quality | OVERFLOW_BEFORE : quality;
    row->status = status;
    row->ordinal = ordinal;
    __atomic_store_n(&ring[TAIL], ring[TAIL] + 1, __ATOMIC_RELEASE);
    r->refused = 0;
    r->count++;
    return 1;
}

static inline int moved(double value, double reported, double deadband)
{
    if (deadband < 0.0) return 1;
    if (isfinite(value) && isfinite(reported)) return fabs(value - reported) > deadband;
    if (isnan(value) || isnan(reported)) return isnan(value) != isnan(reported);
    return value != reported;
}

static int offer(const state *s, int64_t tag, int64_t source_ns, int64_t now_ns)
{
    reported_row *r = &s->tags_reported[tag];
    double value = s->image_value[tag];
    uint32_t quality = s->image_quality[tag];
    int first = r->count == 0, again = !first && source_ns == r->source_ns;
    int due = !again && now_ns - r->at_ns >= r->heartbeat_ns;
    if (!(first || due || quality != r->quality || moved(value, r->value, r->deadband))) return NO_NEWS;
    uint32_t ordinal = again ? r->ordinal + 1 : 0;
    if (!send_report(s, tag, value, quality, source_ns, s->image_status[tag], ordinal)) return REFUSED;
    r->value = value;
    r->quality = quality;
    r->source_ns = source_ns;
    r->ordinal = ordinal;
    r->at_ns = now_ns;
    return SENT;
}

static inline void publish(const state *s, int64_t tag, double value, uint32_t quality, int64_t now_ns, int64_t utc_ns)
{
    if (s->image_value[tag] == value && s->image_quality[tag] == quality) return;
    s->image_value[tag] = value;
    s->image_quality[tag] = quality;
    s->image_source_ns[tag] = utc_ns;
    offer(s, tag, utc_ns, now_ns);
    due_by(s, tag, now_ns + s->tags_reported[tag].heartbeat_ns);
}

static double smoothed(const tag_row *definition, reported_row *r, double value, int64_t source_ns, int64_t now_ns)
{
    if (isnan(r->filtered)) r->filtered_ns = now_ns;
    int64_t passed = now_ns - r->filtered_ns, elapsed = source_ns - r->measured_ns;
    if (elapsed < 0 || elapsed > passed) elapsed = passed;
    r->filtered = isnan(r->filtered)
        ? value : r->filtered - (value - r->filtered) * expm1(-(double)elapsed / definition->filter_ns);
    r->filtered_ns += elapsed;
    return r->filtered;
}

/* Returns 1 for a sample that the benchmark does not have: late, backfilled, or of a tag that can freeze. */
static int take(const state *s, const sample_row *row, int64_t now_ns, int64_t utc_ns)
{
    int64_t tag = row->tag, source_ns = row->source_ns;
    uint32_t quality = row->quality;
    const tag_row *definition = &s->tags_definition[tag];
    reported_row *r = &s->tags_reported[tag];
    double value = row->value * definition->gain + definition->offset;
    if (isfinite(value)) {
        double clamped = clamp(value, definition->clamp_low, definition->clamp_high);
        if (clamped != value && quality < BAD) quality |= CLAMPED;
        if (quality < UNCERTAIN && !(definition->low <= clamped && clamped <= definition->high))
            quality |= UNCERTAIN | RANGE;
        value = clamped;
    } else {
        if (quality < BAD) quality = (quality & REASONS) | BAD | NOT_A_NUMBER;
        value = NAN;
    }
    if (quality & HISTORY || definition->frozen_ns != NEVER) return 1;
    if (source_ns < r->measured_ns && r->measured_ns <= utc_ns && s->image_quality[tag] < BAD) return 1;
    if (quality < BAD) {
        if (definition->filter_ns > 0.0) value = smoothed(definition, r, value, source_ns, now_ns);
        r->measured_ns = source_ns;
    }
    r->arrived_ns = now_ns;
    r->sampled_quality = quality;
    s->image_value[tag] = value;
    s->image_quality[tag] = quality;
    s->image_source_ns[tag] = source_ns;
    s->image_status[tag] = row->status;
    offer(s, tag, source_ns, now_ns);
    int64_t soonest = r->heartbeat_ns < definition->stale_ns ? r->heartbeat_ns : definition->stale_ns;
    if (soonest < NEVER) due_by(s, tag, now_ns + soonest);
    return 0;
}

static int drain_inbox(const state *s, int64_t now_ns, int64_t utc_ns)
{
    int64_t *ring = s->inbox_ring, head = ring[HEAD], mask = s->inbox_rows_count - 1;
    int64_t count = __atomic_load_n(&ring[TAIL], __ATOMIC_ACQUIRE) - head;
    int other = 0;
    for (int64_t n = 0; n < count; n++) {
        const sample_row *row = &s->inbox_rows[(head + n) & mask];
        int known = row->tag >= 0 && row->tag < s->tags_definition_count;
        int64_t role = known ? s->tags_definition[row->tag].role : ROLE_UNUSED;
        other += role == ROLE_DEVICE || role == ROLE_WRITTEN ? take(s, row, now_ns, utc_ns) : 1;
    }
    __atomic_store_n(&ring[HEAD], head + count, __ATOMIC_RELEASE);
    return other;
}

static int64_t stale_at(const state *s, int64_t tag)
{
    const tag_row *definition = &s->tags_definition[tag];
    uint32_t quality = s->image_quality[tag];
    int waits = quality < BAD || (quality & WAITING && !(quality & STALE));
    if (definition->role != ROLE_DEVICE || definition->stale_ns == NEVER || !waits) return NEVER;
    int64_t arrived = s->tags_reported[tag].arrived_ns, alive = s->tags_alive_ns[definition->device];
    return (arrived > alive ? arrived : alive) + definition->stale_ns;
}

static int64_t attend(const state *s, int64_t tag, int64_t now_ns, int64_t utc_ns)
{
    int64_t role = s->tags_definition[tag].role;
    reported_row *r = &s->tags_reported[tag];
    if (role == ROLE_UNUSED) return NEVER;
    int64_t stale = stale_at(s, tag);
    if (stale <= now_ns) {
        s->image_quality[tag] = (s->image_quality[tag] & REASONS) | BAD | STALE;
        stale = NEVER;
    }
    uint32_t quality = s->image_quality[tag];
    if (quality & WAITING && !(quality & STALE)) return stale;
    if (r->refused > 0 && room(s->reports_ring, s->reports_rows_count) < 1) return now_ns;
    int64_t source_ns = role == ROLE_ENGINE || quality & STALE ? utc_ns : s->image_source_ns[tag];
    if (offer(s, tag, source_ns, now_ns) == REFUSED) return now_ns;
    if (role == ROLE_ENGINE || (s->image_source_ns[tag] != r->source_ns && !(quality & STALE))) {
        int64_t beat_at = r->at_ns + r->heartbeat_ns;
        return stale < beat_at ? stale : beat_at;
    }
    return stale;
}

static void look_after(const state *s, int64_t now_ns, int64_t utc_ns)
{
    for (int64_t block = 0; block < s->tags_block_deadline_ns_count; block++) {
        if (s->tags_block_deadline_ns[block] > now_ns) continue;
        int64_t earliest = NEVER, end = (block + 1) * BLOCK;
        if (end > s->tags_deadline_ns_count) end = s->tags_deadline_ns_count;
        for (int64_t tag = block * BLOCK; tag < end; tag++) {
            int64_t *deadline = &s->tags_deadline_ns[tag];
            if (*deadline <= now_ns) *deadline = attend(s, tag, now_ns, utc_ns);
            if (*deadline < earliest) earliest = *deadline;
        }
        s->tags_block_deadline_ns[block] = earliest;
    }
}
