/* The OpenCL entry points that the library uses, and those of CLBlast: one row each, from which the
 * layer and the null driver make their functions. Holds no code.
 *
 * Invariant: every cl* symbol that the library needs has its row (entries.py compares). */
#ifndef FAULTS_ENTRIES_H
#define FAULTS_ENTRIES_H

/* Entry points that answer a code: X(name, object, step, parameters, arguments). `step` is +1 where
 * the call retains an object, -1 where it releases one. */
#define CODE_ENTRIES(X)                                                                            \
    X(clGetPlatformIDs, NONE, 0, (cl_uint room, cl_platform_id * ids, cl_uint * count),            \
      (room, ids, count))                                                                          \
    X(clGetPlatformInfo, NONE, 0,                                                                  \
      (cl_platform_id platform, cl_platform_info param, size_t room, void *value, size_t *size),   \
      (platform, param, room, value, size))                                                        \
    X(clGetDeviceIDs, NONE, 0,                                                                     \
      (cl_platform_id platform, cl_device_type type, cl_uint room, cl_device_id * ids,             \
       cl_uint * count),                                                                           \
      (platform, type, room, ids, count))                                                          \
    X(clGetDeviceInfo, NONE, 0,                                                                    \
      (cl_device_id device, cl_device_info param, size_t room, void *value, size_t *size),         \
      (device, param, room, value, size))                                                          \
    X(clRetainContext, CONTEXT, 1, (cl_context context), (context))                                \
    X(clReleaseContext, CONTEXT, -1, (cl_context context), (context))                              \
    X(clRetainCommandQueue, QUEUE, 1, (cl_command_queue queue), (queue))                           \
    X(clReleaseCommandQueue, QUEUE, -1, (cl_command_queue queue), (queue))                         \
    X(clGetCommandQueueInfo, NONE, 0,                                                              \
      (cl_command_queue queue, cl_command_queue_info param, size_t room, void *value,              \
       size_t *size),                                                                              \
      (queue, param, room, value, size))                                                           \
    X(clReleaseMemObject, MEMORY, -1, (cl_mem mem), (mem))                                         \
    X(clGetMemObjectInfo, NONE, 0,                                                                 \
      (cl_mem mem, cl_mem_info param, size_t room, void *value, size_t *size),                     \
      (mem, param, room, value, size))                                                             \
    X(clRetainProgram, PROGRAM, 1, (cl_program program), (program))                                \
    X(clReleaseProgram, PROGRAM, -1, (cl_program program), (program))                              \
    X(clBuildProgram, NONE, 0,                                                                     \
      (cl_program program, cl_uint count, const cl_device_id *devices, const char *options,        \
       void(CL_CALLBACK * notify)(cl_program, void *), void *user),                                \
      (program, count, devices, options, notify, user))                                            \
    X(clGetProgramInfo, NONE, 0,                                                                   \
      (cl_program program, cl_program_info param, size_t room, void *value, size_t *size),         \
      (program, param, room, value, size))                                                         \
    X(clGetProgramBuildInfo, NONE, 0,                                                              \
      (cl_program program, cl_device_id device, cl_program_build_info param, size_t room,          \
       void *value, size_t *size),                                                                 \
      (program, device, param, room, value, size))                                                 \
    X(clReleaseKernel, KERNEL, -1, (cl_kernel kernel), (kernel))                                   \
    X(clSetKernelArg, NONE, 0, (cl_kernel kernel, cl_uint index, size_t size, const void *value),  \
      (kernel, index, size, value))                                                                \
    X(clGetKernelWorkGroupInfo, NONE, 0,                                                           \
      (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info param, size_t room,        \
       void *value, size_t *size),                                                                 \
      (kernel, device, param, room, value, size))                                                  \
    X(clReleaseEvent, EVENT, -1, (cl_event event), (event))                                        \
    X(clWaitForEvents, NONE, 0, (cl_uint count, const cl_event *events), (count, events))          \
    X(clSetUserEventStatus, NONE, 0, (cl_event event, cl_int state), (event, state))               \
    X(clFlush, NONE, 0, (cl_command_queue queue), (queue))                                         \
    X(clFinish, NONE, 0, (cl_command_queue queue), (queue))

/* Entry points that answer a new object, and their code at `code`:
 * X(type, name, object, parameters, arguments). */
#define OBJECT_ENTRIES(X)                                                                          \
    X(cl_context, clCreateContext, CONTEXT,                                                        \
      (const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,        \
       void(CL_CALLBACK * notify)(const char *, const void *, size_t, void *), void *user,         \
       cl_int *code),                                                                              \
      (properties, count, devices, notify, user, code))                                            \
    X(cl_command_queue, clCreateCommandQueue, QUEUE,                                               \
      (cl_context context, cl_device_id device, cl_command_queue_properties properties,            \
       cl_int * code),                                                                             \
      (context, device, properties, code))                                                         \
    X(cl_mem, clCreateBuffer, MEMORY,                                                              \
      (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code),             \
      (context, flags, size, host, code))                                                          \
    X(cl_program, clCreateProgramWithSource, PROGRAM,                                              \
      (cl_context context, cl_uint count, const char **texts, const size_t *lengths,               \
       cl_int *code),                                                                              \
      (context, count, texts, lengths, code))                                                      \
    X(cl_program, clCreateProgramWithBinary, PROGRAM,                                              \
      (cl_context context, cl_uint count, const cl_device_id *devices, const size_t *lengths,      \
       const unsigned char **binaries, cl_int *states, cl_int *code),                              \
      (context, count, devices, lengths, binaries, states, code))                                  \
    X(cl_kernel, clCreateKernel, KERNEL, (cl_program program, const char *name, cl_int *code),     \
      (program, name, code))                                                                       \
    X(cl_event, clCreateUserEvent, EVENT, (cl_context context, cl_int * code), (context, code))

/* Entry points that answer a code, and a new event at `event` unless that is NULL:
 * X(name, parameters, arguments). */
#define COMMAND_ENTRIES(X)                                                                         \
    X(clEnqueueReadBuffer,                                                                         \
      (cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t at, size_t size, void *to,     \
       cl_uint num_wait, const cl_event *wait, cl_event *event),                                   \
      (queue, mem, blocking, at, size, to, num_wait, wait, event))                                 \
    X(clEnqueueWriteBuffer,                                                                        \
      (cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t at, size_t size,               \
       const void *from, cl_uint num_wait, const cl_event *wait, cl_event *event),                 \
      (queue, mem, blocking, at, size, from, num_wait, wait, event))                               \
    X(clEnqueueCopyBuffer,                                                                         \
      (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_at, size_t to_at, size_t size,  \
       cl_uint num_wait, const cl_event *wait, cl_event *event),                                   \
      (queue, from, to, from_at, to_at, size, num_wait, wait, event))                              \
    X(clEnqueueNDRangeKernel,                                                                      \
      (cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset,               \
       const size_t *global, const size_t *local, cl_uint num_wait, const cl_event *wait,          \
       cl_event *event),                                                                           \
      (queue, kernel, dims, offset, global, local, num_wait, wait, event))                         \
    X(clEnqueueBarrierWithWaitList,                                                                \
      (cl_command_queue queue, cl_uint num_wait, const cl_event *wait, cl_event *event),           \
      (queue, num_wait, wait, event))

/* ENTRY_clGetPlatformIDs and so on, and ENTRIES of them. */
#define CODE_NUMBER(name, object, step, parameters, arguments)   ENTRY_##name,
#define OBJECT_NUMBER(type, name, object, parameters, arguments) ENTRY_##name,
#define COMMAND_NUMBER(name, parameters, arguments)              ENTRY_##name,
enum entry {
    CODE_ENTRIES(CODE_NUMBER)            // answer a code
    OBJECT_ENTRIES(OBJECT_NUMBER)        // answer an object
        COMMAND_ENTRIES(COMMAND_NUMBER)  // answer a code and an event
        ENTRIES
};

/* What is counted. */
enum object {
    OBJECT_NONE = 0,
    OBJECT_CONTEXT,
    OBJECT_QUEUE,
    OBJECT_MEMORY,
    OBJECT_PROGRAM,
    OBJECT_KERNEL,
    OBJECT_EVENT,
    OBJECTS
};

#endif
