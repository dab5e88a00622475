/* Where messages go. The library itself never prints.
 *
 * Tier 0: no OpenCL needed. */
#ifndef CLFAVOR_LOG_H
#define CLFAVOR_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum clf_log_level {
    CLF_LOG_NONE = 0,
    CLF_LOG_ERROR,    // why a call failed
    CLF_LOG_WARNING,  // it works, but not as the caller may expect
    CLF_LOG_INFO,     // which device and which variants were chosen, and why
    CLF_LOG_DEBUG     // everything else
} clf_log_level;

/* A sink for messages of `level` and below (more severe). `message` has no newline and lives for
 * the call only. The callback may be called from any thread that calls the library, also from
 * several at once, and must not call clfavor. A NULL clf_log, or a NULL callback, is silent.
 * A clf_log is copied by whatever takes it; `user` must outlive what was created with it. */
typedef struct clf_log {
    void (*callback)(void *user, clf_log_level level, const char *message);
    void *user;
    clf_log_level level;
} clf_log;

#ifdef __cplusplus
}
#endif
#endif
