/* Every public operation, while each piece of host memory (and each lock) it asks for is refused in
 * turn: once, and from then on. OUT_OF_HOST_MEMORY or success, nothing lost, and the next call
 * succeeds. The linker turns the calls of the library's objects, and of no other library's, into
 * calls of the functions here (--wrap). */
#include "trials.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

typedef struct refusal {
    long nth;  // counted from 1; 0: none
    bool persistent;
} refusal;

static atomic_long requests;
static atomic_bool armed;
static refusal refused;  // set by the thread that makes the calls

static void arm(const void *fault)
{
    atomic_store(&armed, fault != NULL);
    if (!fault)
        return;
    refused = *(const refusal *)fault;
    atomic_store(&requests, 0);
}

/* Counts a request and tells whether it is to be refused. */
static bool refuse(void)
{
    if (!atomic_load(&armed))
        return false;
    const long n = atomic_fetch_add(&requests, 1) + 1;
    return n == refused.nth || (refused.nth && refused.persistent && n > refused.nth);
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    return refuse() ? NULL : __real_realloc(block, size);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    return refuse() ? ENOMEM : __real_pthread_mutex_init(mutex, attributes);
}

START_TEST(every_allocation_may_fail)
{
    static const refusal none = {.nth = 0};
    trials t;
    trials_begin(&t, &operations[_i], arm, &none);
    const long count = atomic_load(&requests);
    const unsigned promised =
        BIT(CLF_ERROR_OUT_OF_HOST_MEMORY) | (operation_on_disk(t.op) ? BIT(CLF_OK) : 0);
    trials_expect(&t, 2 * count, 2 * count);
    for (int persistent = 0; persistent < 2; persistent++) {
        for (long nth = 1; nth <= count; nth++) {
            char name[64];
            snprintf(name, sizeof name, "allocation %ld %s", nth, persistent ? "and on" : "once");
            trials_make(&t, &(refusal){nth, persistent}, promised, name);
        }
    }
    trials_end(&t);
}
END_TEST

int main(void)
{
    return trials_main("faults of host memory", every_allocation_may_fail, NULL);
}
