/* The interpreter of control/kernels/expression.py as a C programmer would write it: the same rows,
   the same registers, the same results to the bit. The benchmark compares the two. */

#include <math.h>
#include <stdint.h>

typedef struct { uint16_t op, into; uint32_t a, b, c; } instruction;
typedef struct {
    uint32_t first, last, first_input, last_input, result, shared;
    int32_t tag, every;
    double speed;
    int64_t gap_ns;
} entry;

enum {
    ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE, POWER, MULTIPLY_ADD, MULTIPLY_SUBTRACT, ADD_MULTIPLY,
    SUBTRACT_MULTIPLY, SUBTRACT_DIVIDE, ADD_ADD, MULTIPLY_MULTIPLY, LESS, LESS_EQUAL, GREATER,
    GREATER_EQUAL, EQUAL, UNEQUAL, AND, OR, NOT, SELECT, MINIMUM, MAXIMUM, LIMIT, ABSOLUTE, SIGN,
    SQUARE_ROOT, EXPONENTIAL, LOGARITHM, LOGARITHM_10, ROUND, FLOOR, CEILING, MODULO, INTERPOLATE,
    IS_GOOD, IS_UNCERTAIN, IS_BAD, VALUE_OR, COPY, MEDIAN, MEDIAN_GOOD, MEAN_GOOD, ON_DELAY, OFF_DELAY,
    PULSE, ON_TIME, UNCHANGED, SET_RESET, RESET_SET, RISING, FALLING, CHANGED, SAMPLE, COUNT, LAST_GOOD,
    LAG, RATE, INTEGRATE, HIGHEST, LOWEST, MOVING_AVERAGE
};

#define UNCERTAIN 0x40000000u
#define BAD 0x80000000u
#define REASONS 0x3FFFFFFFu
#define NOT_A_NUMBER 0x200u
#define WAITING 0x400u
#define INPUT 0x1000u
#define PASSED (~(0x4000u | 0x8000u | 0x10000u))
#define FAILED (0x1u | 0x2u | 0x4u | 0x8u | 0x10u | 0x200u | 0x800u)
#define SUBSTITUTE 0x40u
#define STEPS 60

static inline uint32_t inherited(uint32_t quality)
{
    uint32_t passed = quality & PASSED;
    return passed >= UNCERTAIN ? passed | INPUT : passed;
}

static inline uint32_t decided(double x, uint32_t qx, double y, uint32_t qy, double deciding)
{
    int x_decides = x == deciding && qx < BAD, y_decides = y == deciding && qy < BAD;
    if (x_decides && y_decides) return qx < qy ? qx : qy;
    if (x_decides) return qx;
    return y_decides ? qy : qx | qy;
}

static double interpolate(const double *restrict reg, double x, uint32_t table, uint32_t points)
{
    if (!(x > reg[table])) return x <= reg[table] ? reg[table + points] : NAN;
    uint32_t low = 0, high = points - 1;
    if (x >= reg[table + high]) return reg[table + points + high];
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (x >= reg[table + middle]) low = middle; else high = middle;
    }
    double x_low = reg[table + low], y_low = reg[table + points + low];
    return y_low + (x - x_low) / (reg[table + high] - x_low) * (reg[table + points + high] - y_low);
}

static double share(double elapsed_s, double time_constant_s)
{
    return time_constant_s > 0 ? -expm1(-elapsed_s / time_constant_s) : 1.0;
}

static double moving_average(double x, int bad, double duration_s, double *restrict cell, double elapsed_s, int gap)
{
    if (gap) for (int i = 0; i < 7 + 2 * STEPS; i++) cell[i] = 0;
    double step_s = duration_s / STEPS;
    int steps = 0;
    cell[0] += elapsed_s;
    if (cell[0] >= step_s) {
        if (!(step_s > 0) || cell[0] >= duration_s) { cell[0] = 0; steps = STEPS + 1; }
        else { steps = (int)(cell[0] / step_s); double left = cell[0] - steps * step_s; cell[0] = left > 0 ? left : 0; }
    }
    for (int i = 0; i < steps; i++) {
        int place = (int)cell[1];
        cell[7 + place] = cell[2]; cell[7 + STEPS + place] = cell[3];
        cell[2] = cell[3] = 0; cell[1] = (place + 1) % STEPS;
    }
    if (steps > 0) {
        cell[4] = cell[5] = 0;
        for (int i = 0; i < STEPS; i++) { cell[4] += cell[7 + i]; cell[5] += cell[7 + STEPS + i]; }
    }
    if (!bad) { cell[2] += x * elapsed_s; cell[3] += elapsed_s; }
    double weight = cell[3] + cell[5];
    return weight > 0 ? (cell[2] + cell[4]) / weight : x;
}

static double middle_of_good(double *restrict reg, const uint32_t *restrict quality, uint32_t first, uint32_t count, uint32_t *joined)
{
    uint32_t found = 0, q = 0;
    for (uint32_t i = first; i < first + count; i++) {
        q |= quality[i];
        if (quality[i] >= BAD) continue;
        double value = reg[i];
        uint32_t place = first + found++;
        while (place > first && reg[place - 1] > value) { reg[place] = reg[place - 1]; place--; }
        reg[place] = value;
    }
    *joined = q;
    if (found == 0) { *joined |= BAD; return NAN; }
    uint32_t m = first + found / 2;
    return found % 2 ? reg[m] : (reg[m - 1] + reg[m]) / 2.0;
}

static double remember(uint32_t op, double x, uint32_t qx, double y, uint32_t qy, double *restrict cell,
                       double elapsed_s, int gap, uint32_t *quality)
{
    int x_bad = qx >= BAD, y_bad = qy >= BAD, bad = x_bad || y_bad;
    switch (op) {
    case ON_DELAY:
        if (!bad) { cell[1] = x != 0 && cell[0] != 0 ? cell[1] + elapsed_s : 0; cell[0] = x; }
        return cell[0] != 0 && cell[1] >= 0 && cell[1] >= y;
    case SET_RESET:
        if (!x_bad && x != 0) cell[0] = 1;
        else if (!x_bad && !y_bad && y != 0) cell[0] = 0;
        return cell[0] != 0;
    case RISING: {
        if (bad) return 0;
        double before = cell[0];
        cell[0] = x != 0 ? 2 : 1;
        return before == 1 && x != 0;
    }
    case LAG:
        if (!bad) {
            double after = cell[0] != 0 ? cell[1] + (x - cell[1]) * share(elapsed_s, y) : x;
            cell[0] = 1; cell[1] = isfinite(after) ? after : x;
        }
        return cell[0] != 0 ? cell[1] : NAN;
    case RATE:
        if (bad) { cell[0] = 0; return cell[2]; }
        if (cell[0] != 0 && !gap && elapsed_s > 0) {
            double after = cell[2] + ((x - cell[1]) / elapsed_s - cell[2]) * share(elapsed_s, y);
            cell[2] = isfinite(after) ? after : 0;
        }
        cell[0] = 1; cell[1] = x;
        return cell[2];
    case INTEGRATE: {
        int follows = cell[2] == 1;
        if (!y_bad && y != 0) { cell[0] = 0; cell[3] = 0; }
        else if (follows && (x_bad || gap)) cell[3] = 1;
        else if (follows) cell[0] += (cell[1] + x) * 0.5 * elapsed_s;
        if (!x_bad) { cell[1] = x; cell[2] = 1; }
        else if (follows) cell[2] = 2;
        if (cell[3] != 0) *quality |= UNCERTAIN | INPUT;
        return cell[0];
    }
    case MOVING_AVERAGE:
        return moving_average(x, bad, y, cell, elapsed_s, gap);
    }
    return NAN;
}

static void run(const instruction *restrict code, const entry *restrict e, double *restrict reg,
                uint32_t *restrict quality, double *restrict cells, double elapsed_s, int gap)
{
    for (uint32_t i = e->first; i < e->last; i++) {
        instruction in = code[i];
        double x = reg[in.a], y = reg[in.b], r;
        uint32_t qx = quality[in.a], qy = quality[in.b], q = qx | qy;
        switch (in.op) {
        case ADD: r = x + y; break;
        case SUBTRACT: r = x - y; break;
        case MULTIPLY: r = x * y; break;
        case DIVIDE: r = x / y; break;
        case NEGATE: r = -x; break;
        case POWER: r = pow(x, y); break;
        case MULTIPLY_ADD: r = x * y + reg[in.c]; q |= quality[in.c]; break;
        case MULTIPLY_SUBTRACT: r = x * y - reg[in.c]; q |= quality[in.c]; break;
        case ADD_MULTIPLY: r = (x + y) * reg[in.c]; q |= quality[in.c]; break;
        case SUBTRACT_MULTIPLY: r = (x - y) * reg[in.c]; q |= quality[in.c]; break;
        case SUBTRACT_DIVIDE: r = (x - y) / reg[in.c]; q |= quality[in.c]; break;
        case ADD_ADD: r = x + y + reg[in.c]; q |= quality[in.c]; break;
        case MULTIPLY_MULTIPLY: r = x * y * reg[in.c]; q |= quality[in.c]; break;
        case LESS: r = x < y; break;
        case LESS_EQUAL: r = x <= y; break;
        case GREATER: r = x > y; break;
        case GREATER_EQUAL: r = x >= y; break;
        case EQUAL: r = x == y; break;
        case UNEQUAL: r = x != y; break;
        case AND: r = x != 0 && y != 0; q = decided(x, qx, y, qy, 0.0); break;
        case OR: r = x != 0 || y != 0; q = decided(x, qx, y, qy, 1.0); break;
        case NOT: r = 1.0 - x; break;
        case SELECT: { uint32_t k = x != 0 ? in.b : in.c; r = reg[k]; q = qx >= BAD ? qx : qx | quality[k]; break; }
        case MINIMUM: r = y < x ? y : x; break;
        case MAXIMUM: r = y > x ? y : x; break;
        case LIMIT: {
            double raised = y > x ? y : x;
            r = reg[in.c] < raised ? reg[in.c] : raised; q |= quality[in.c]; break;
        }
        case ABSOLUTE: r = fabs(x); break;
        case SIGN: r = x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; break;
        case SQUARE_ROOT: r = sqrt(x); break;
        case EXPONENTIAL: r = exp(x); break;
        case LOGARITHM: r = log(x); break;
        case LOGARITHM_10: r = log10(x); break;
        case ROUND: r = rint(x); break;
        case FLOOR: r = floor(x); break;
        case CEILING: r = ceil(x); break;
        case MODULO: r = fmod(x, y); if (r != 0 && (r < 0) != (y < 0)) r += y; break;
        case INTERPOLATE: r = interpolate(reg, x, in.b, in.c); break;
        case IS_GOOD: r = q < UNCERTAIN; q = 0; break;
        case IS_UNCERTAIN: r = q >= UNCERTAIN && q < BAD; q = 0; break;
        case IS_BAD: r = q >= BAD; q = 0; break;
        case VALUE_OR: if (qx < BAD) { r = x; q = qx; } else { r = y; q = qy | SUBSTITUTE; } break;
        case COPY: r = x; break;
        case MEDIAN: r = middle_of_good(reg, quality, in.a, in.c, &q); break;
        default: r = remember(in.op, x, qx, y, qy, cells + in.c, elapsed_s, gap, &q);
        }
        if (!isfinite(r)) { r = NAN; if (q < BAD) q |= BAD | NOT_A_NUMBER; }
        reg[in.into] = r;
        quality[in.into] = q;
    }
}

void evaluate(const instruction *restrict code, const entry *restrict entries, uint64_t count,
              const uint32_t *restrict inputs, double *restrict value, uint32_t *restrict quality,
              double *restrict reg, uint32_t *restrict reg_quality, double *restrict cells,
              int64_t *restrict evaluated_ns, const double *restrict image, const uint32_t *restrict image_quality,
              int64_t scan, int64_t now_ns)
{
    for (uint64_t n = 0; n < count; n++) {
        const entry *e = &entries[n];
        int64_t before = evaluated_ns[n];
        if (before != 0 && scan % e->every != 0) continue;
        int64_t gone = before != 0 ? now_ns - before : 0;
        int gap = before == 0 || gone > e->gap_ns;
        evaluated_ns[n] = now_ns;
        for (uint32_t i = e->first_input; i < e->last_input; i++) {
            double v = image[inputs[i]];
            uint32_t q = inherited(image_quality[inputs[i]]);
            if (q < BAD && !isfinite(v)) q = BAD | INPUT | NOT_A_NUMBER;
            reg[i - e->first_input] = v;
            reg_quality[i - e->first_input] = q;
        }
        run(code, e, reg, reg_quality, cells, (double)gone * 1e-9 * e->speed, gap);
        double v = reg[e->result];
        uint32_t q = reg_quality[e->result], reasons = q & REASONS;
        if (q >= BAD) {
            if (reasons & FAILED) reasons &= REASONS ^ WAITING;
            q = BAD | reasons;
        }
        value[n] = v; quality[n] = q;
        reg[e->shared] = v; reg_quality[e->shared] = inherited(q);
    }
}
