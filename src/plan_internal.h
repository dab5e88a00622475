/* A plan from the inside, for the files that make and run it and for tests. */
#ifndef CLFI_PLAN_INTERNAL_H
#define CLFI_PLAN_INTERNAL_H

#include <pthread.h>

#include "plan_choice.h"
#include "tune/lookup.h"

/* One kernel launch of a pass. */
typedef struct clfi_launch {
    const clfi_kernel_row *row;
    cl_kernel kernel;
    size_t local;  // work-group size in dimension 0
} clfi_launch;

/* Enqueues all of a run on `queue` after `wait`. `event` may be NULL, else it is of the last stage.
 * The lock is held. */
typedef clf_status (*clfi_enqueue)(const clf_plan *plan, clfi_kernel_args *args,
                                   cl_command_queue queue, cl_uint num_wait, const cl_event *wait,
                                   cl_event *event);

struct clf_plan {
    clf_context *ctx;
    clfi_shape shape;
    clfi_choice choice;
    clfi_found found;  // in the tables of tuning; `from` is "tuning" when they were not asked
    bool features;     // the one stage is feature_map
    cl_program program;
    clfi_launch launch[CLFI_MAX_STAGES];
    int launches;
    clfi_enqueue enqueue;  // clfi_plan_enqueue_all, or that of the CLBlast path
    char description[1536];

    pthread_mutex_t lock;  // guards the arguments of the kernels, and what follows
    cl_mem w;              // W as the kernels take it [heads, MP, WD], NULL for none
    cl_long w_head;
    cl_mem workspace;  // the plan's own, NULL until a run needs it
};

/* Everything of clf_plan_create but for the choice of stages: validates, chooses, builds, warms
 * up. `features`: the plan has the one stage feature_map. Errors: those of clf_plan_create. */
clf_status clfi_plan_open(clf_context *ctx, const clf_plan_params *params, bool features,
                          clf_plan **out);

/* W as the kernels take it, from a projection that must fit the plan. Errors:
 * INVALID_ARGUMENT, OUT_OF_HOST_MEMORY, DEVICE, DEVICE_MEMORY. The caller owns *out. */
clf_status clfi_plan_upload(const clf_plan *plan, const clf_projection *projection, cl_mem *out,
                            cl_long *w_head);

/* Sets shape, choice and found of the plan: the parameters' own tuning counts, else what is found
 * for them. Errors: those of clfi_shape_init and clfi_choose. */
clf_status clfi_plan_choose(clf_plan *plan, const clf_plan_params *params);

/* Writes plan->description. */
void clfi_plan_write_description(clf_plan *plan);

/* Makes plan->program and the kernels of the launches, and launches each once on no rows.
 * Errors: BUILD, OUT_OF_HOST_MEMORY, DEVICE, DEVICE_MEMORY. */
clf_status clfi_plan_build(clf_plan *plan);

/* The arguments of every launch that do not change from run to run. */
void clfi_plan_fixed_args(const clf_plan *plan, clfi_kernel_args *args);

/* (element offset, strides) of a tensor. */
cl_long4 clfi_plan_at(const clf_plan *plan, clfi_tensor tensor, int64_t offset);

/* Sets the arguments of launch i and enqueues it for `states` states. The lock is held. */
clf_status clfi_plan_enqueue(const clf_plan *plan, int i, const clfi_kernel_args *args, int states,
                             cl_command_queue queue, cl_uint num_wait, const cl_event *wait,
                             cl_event *event);

/* Enqueues all launches for all passes on `queue`; each waits for the one before it, the first for
 * `wait`. The lock is held. */
clf_status clfi_plan_enqueue_all(const clf_plan *plan, clfi_kernel_args *args,
                                 cl_command_queue queue, cl_uint num_wait, const cl_event *wait,
                                 cl_event *event);

/* Kernel launches of a run, those of all passes; 0 on the CLBlast path, where CLBlast adds its
 * own. */
int64_t clfi_plan_run_launches(const clf_plan *plan);

/* clf_plan_run that keeps the event of every launch, in order: launch n is plan->launch[n %
 * plan->launches]. `events` [clfi_plan_run_launches(plan)] are NULL before; what is not NULL
 * afterwards, also on failure, is the caller's. Not for the CLBlast path. Errors: those of
 * clf_plan_run. */
clf_status clfi_plan_run_traced(clf_plan *plan, const clf_run_args *args, cl_event *events);

/* Checks of the arguments of a run; `name` is used in messages. Errors: INVALID_ARGUMENT. */
clf_status clfi_check_buffer(const clf_log *log, const char *name, const clf_buffer *buffer,
                             int64_t elements, size_t element_bytes);
clf_status clfi_check_wait(const clf_log *log, cl_uint num_wait, const cl_event *wait);

#endif
