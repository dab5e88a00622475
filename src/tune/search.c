/* The order of a search. Knows nothing of processes and files.
 *
 * Invariant: what is proposed depends on the problem, the device's record and what was told, so
 * that a search that was cut off proposes the same again and finds the answers in the journal. */
#include "tune/search.h"

#include <stdlib.h>

#include "host/rng.h"

enum {
    SUGGESTIONS = 4,
    RANDOM_ATTEMPTS = 2000
};

enum phase {
    PHASE_SUGGESTED = 0,
    PHASE_STEPS,   // one parameter changed from the default
    PHASE_CLIMB,   // one parameter changed from the best, then any of them
    PHASE_PRODUCT  // all there is
};

/* What gains most by experience comes first, what takes longest last. */
static const clfi_parameter k_order[CLFI_PARAMETERS] = {
    CLFI_PARAMETER_PACKING,      CLFI_PARAMETER_TILE_ROWS,    CLFI_PARAMETER_VALUE_VECTORS,
    CLFI_PARAMETER_PROJECT_ROWS, CLFI_PARAMETER_VALUE_ROWS,   CLFI_PARAMETER_SEGMENTS,
    CLFI_PARAMETER_PREFETCH,     CLFI_PARAMETER_VECTOR_WIDTH, CLFI_PARAMETER_LOCAL_SIZE,
    CLFI_PARAMETER_FAMILY,       CLFI_PARAMETER_PATH,
};

void clfi_search_init(clfi_search *s, const clf_plan_params *problem, const clf_device_info *device,
                      bool exhaustive)
{
    *s = (clfi_search){.problem = *problem,
                       .device = device,
                       .exhaustive = exhaustive,
                       .best_ratio = 1,
                       .family = CLF_FAMILY_PLAIN};
    s->problem.tuning = (clf_tuning){0};
}

void clfi_search_finish(clfi_search *s)
{
    free(s->seen);
    *s = (clfi_search){0};
}

/* The plan that the problem becomes. */
static bool choose(const clfi_search *s, const clfi_configuration *c, clfi_shape *shape,
                   clfi_choice *choice)
{
    clf_plan_params p = s->problem;
    p.tuning = c->tuning;
    if (p.path == CLF_PATH_AUTO)
        p.path = c->path;
    else if (c->path != CLF_PATH_AUTO && c->path != p.path)
        return false;
    if (p.path == CLF_PATH_EXACT && s->problem.path != CLF_PATH_EXACT)
        return false;  // another function
    return clfi_shape_init(shape, &p, NULL) == CLF_OK &&
           clfi_choose(shape, s->device, NULL, choice) == CLF_OK;
}

/* Parameters that some kernel of the plan depends on. */
static unsigned used_parameters(const clfi_shape *shape, const clfi_choice *choice)
{
    clfi_stage stages[CLFI_MAX_STAGES];
    const int count = clfi_choose_stages(shape, choice, false, stages);
    unsigned used = 1u << CLFI_PARAMETER_PATH | 1u << CLFI_PARAMETER_FAMILY;
    for (int i = 0; i < count; i++)
        used |= clfi_kernel_find(stages[i], choice->family)->parameters;
    return used;
}

bool clfi_search_resolve(const clfi_search *s, const clfi_configuration *c, clfi_configuration *out)
{
    clfi_shape shape;
    clfi_choice choice;
    if (!choose(s, c, &shape, &choice))
        return false;
    const bool wide = choice.family == CLF_FAMILY_WIDE;
    const unsigned used = used_parameters(&shape, &choice);
    *out = (clfi_configuration){
        .path = shape.path,
        .tuning = {.family = choice.family,
                   .vector_width = choice.vector_width,
                   .tile_rows = wide ? choice.tile : 0,
                   .segments = choice.segments,
                   .project_rows = choice.project_rows,
                   .value_rows = choice.value_rows,
                   .value_vectors = choice.value_vectors,
                   .packing = choice.panels ? CLF_PACKING_PANELS : CLF_PACKING_ROWS,
                   .prefetch = choice.prefetch ? CLF_PREFETCH_ON : CLF_PREFETCH_OFF,
                   .local_size = choice.max_local ? (int)choice.max_local : CLFI_MAX_LOCAL}};
    for (int i = 0; i < CLFI_PARAMETERS; i++) {
        if (!(used >> i & 1u))
            clfi_configuration_set(out, (clfi_parameter)i, 0);
    }
    return true;
}

static bool was_seen(const clfi_search *s, const clfi_configuration *resolved)
{
    for (int i = 0; i < s->seen_count; i++) {
        if (clfi_configuration_equal(&s->seen[i], resolved))
            return true;
    }
    return false;
}

static bool remember(clfi_search *s, const clfi_configuration *resolved)
{
    if (s->seen_count == s->seen_room) {
        const int room = s->seen_room ? 2 * s->seen_room : 64;
        clfi_configuration *seen = realloc(s->seen, (size_t)room * sizeof *seen);
        if (!seen)
            return false;
        s->seen = seen;
        s->seen_room = room;
    }
    s->seen[s->seen_count++] = *resolved;
    return true;
}

/* Whether `c` is possible and new; then it is not new any more. */
static bool take(clfi_search *s, const clfi_configuration *c)
{
    clfi_configuration resolved;
    if (s->seen_count == 0) {  // the default is known from the start
        const clfi_configuration none = {0};
        if (!clfi_search_resolve(s, &none, &resolved) || !remember(s, &resolved))
            return false;
    }
    return clfi_search_resolve(s, c, &resolved) && !was_seen(s, &resolved) &&
           remember(s, &resolved);
}

void clfi_search_suggest(clfi_search *s, const clfi_configuration *c)
{
    if (s->suggestions < SUGGESTIONS)
        s->suggested[s->suggestions++] = *c;
}

void clfi_search_tell(clfi_search *s, const clfi_configuration *c, double ratio)
{
    if (!(ratio > s->best_ratio))
        return;
    s->best = *c;
    s->best_ratio = ratio;
    if (s->phase == PHASE_CLIMB)
        s->at = 0;  // the steps from here are others
}

static int tried_count(clfi_parameter which)
{
    int n = 0;
    while (clfi_parameters[which].tried[n])
        n++;
    return n;
}

/* The n-th single change of `from`: parameters in their order, values in theirs. False beyond the
 * last. */
static bool step(const clfi_configuration *from, int n, clfi_configuration *out)
{
    for (int i = 0; i < CLFI_PARAMETERS; i++) {
        const int count = tried_count(k_order[i]);
        if (n < count) {
            *out = *from;
            clfi_configuration_set(out, k_order[i], clfi_parameters[k_order[i]].tried[n]);
            return true;
        }
        n -= count;
    }
    return false;
}

static bool next_step(clfi_search *s, const clfi_configuration *from, clfi_configuration *out)
{
    while (step(from, s->at, out)) {
        s->at++;
        if (take(s, out))
            return true;
    }
    return false;
}

/* A number below n, n >= 1. */
static int draw(clfi_search *s, int n)
{
    const clfi_rng rng = {0};
    uint32_t words[4];
    clfi_rng_block(&rng, s->draws++, words);
    return (int)(words[0] % (uint32_t)n);
}

/* Any point: each parameter is left open or set, as likely as each of its values. */
static bool next_random(clfi_search *s, clfi_configuration *out)
{
    for (int attempt = 0; attempt < RANDOM_ATTEMPTS; attempt++) {
        *out = (clfi_configuration){0};
        for (int i = 0; i < CLFI_PARAMETERS; i++) {
            const int value = draw(s, tried_count((clfi_parameter)i) + 1);
            if (value)
                clfi_configuration_set(out, (clfi_parameter)i, clfi_parameters[i].tried[value - 1]);
        }
        if (take(s, out))
            return true;
    }
    return false;
}

/* Point n of the product of all values of a family, where nothing is left open; `base` is what the
 * family makes of the default. False beyond the last. */
static bool product_point(const clfi_configuration *base, uint64_t n, clfi_configuration *out)
{
    *out = *base;
    for (int i = 0; i < CLFI_PARAMETERS; i++) {
        const clfi_parameter which = k_order[i];
        const bool fixed = which == CLFI_PARAMETER_PATH || which == CLFI_PARAMETER_FAMILY;
        if (fixed || !clfi_configuration_get(base, which))
            continue;
        const uint64_t count = (uint64_t)tried_count(which);
        clfi_configuration_set(out, which, clfi_parameters[which].tried[n % count]);
        n /= count;
    }
    return n == 0;
}

/* The next point of the products of all families that a plan takes as it is. */
static bool next_product(const clfi_search *s, int *family, uint64_t *n, clfi_configuration *out)
{
    for (; *family <= CLF_FAMILY_WIDE; ++*family, *n = 0) {
        const clfi_configuration asked = {.tuning.family = (clf_family)*family};
        clfi_configuration base, resolved;
        if (!clfi_search_resolve(s, &asked, &base))
            continue;
        while (product_point(&base, (*n)++, out)) {
            if (clfi_search_resolve(s, out, &resolved) && clfi_configuration_equal(&resolved, out))
                return true;
        }
    }
    return false;
}

int64_t clfi_search_size(const clfi_search *s)
{
    const clfi_configuration none = {0}, chunked = {.path = CLF_PATH_CLBLAST};
    clfi_configuration standard, point;
    int64_t count = 0;
    if (!clfi_search_resolve(s, &none, &standard))
        return 0;
    int family = CLF_FAMILY_PLAIN;
    for (uint64_t n = 0; next_product(s, &family, &n, &point);)
        count += !clfi_configuration_equal(&point, &standard);
    return count + (clfi_search_resolve(s, &chunked, &point) &&
                    !clfi_configuration_equal(&point, &standard));
}

bool clfi_search_next(clfi_search *s, clfi_configuration *out)
{
    const clfi_configuration none = {0};
    if (s->phase == PHASE_SUGGESTED) {
        while (s->at < s->suggestions) {
            *out = s->suggested[s->at++];
            if (take(s, out))
                return true;
        }
        s->phase = PHASE_STEPS;
        s->at = 0;
    }
    if (s->phase == PHASE_STEPS) {
        if (next_step(s, &none, out))
            return true;
        s->phase = PHASE_CLIMB;
        s->at = 0;
    }
    if (s->phase == PHASE_CLIMB) {
        if (next_step(s, &s->best, out) || (!s->exhaustive && next_random(s, out)))
            return true;
        s->phase = PHASE_PRODUCT;
    }
    while (s->exhaustive && next_product(s, &s->family, &s->product, out)) {
        if (take(s, out))
            return true;
    }
    return false;
}
