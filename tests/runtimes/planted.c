/* Runs one kernel of planted.cl on CLFAVOR_DEVICE, or the best device:
 *
 *   planted FILE KERNEL
 *
 * Exit code 0 when OpenCL had nothing to say against it. */
#include <stdio.h>
#include <stdlib.h>

#include <clfavor/context.h>

enum {
    ITEMS = 64,
    GROUP = 16,
    MOST_SOURCE = 16384
};

static void need(cl_int code, const char *what)
{
    if (code == CL_SUCCESS)
        return;
    fprintf(stderr, "planted: %s: %d\n", what, (int)code);
    exit(EXIT_FAILURE);
}

static cl_kernel build(clf_context *ctx, const char *file, const char *name)
{
    static char source[MOST_SOURCE];
    const char *text = source;
    const cl_device_id device = clf_context_device(ctx)->id;
    cl_int code = CL_SUCCESS;
    FILE *in = fopen(file, "rb");
    need(in && fread(source, 1, sizeof source - 1, in) > 0 ? CL_SUCCESS : CL_INVALID_VALUE, file);
    fclose(in);
    const cl_program program =
        clCreateProgramWithSource(clf_context_cl(ctx), 1, &text, NULL, &code);
    need(code, "program");
    need(clBuildProgram(program, 1, &device, "", NULL, NULL), "build");
    const cl_kernel kernel = clCreateKernel(program, name, &code);
    need(code, name);
    clReleaseProgram(program);
    return kernel;
}

int main(int argc, char **argv)
{
    static float in[ITEMS];
    const size_t global = ITEMS, local = GROUP;
    clf_context *ctx = NULL;
    cl_int code = CL_SUCCESS;
    if (argc != 3 || clf_context_create(NULL, NULL, &ctx) != CLF_OK)
        return EXIT_FAILURE;
    const cl_kernel kernel = build(ctx, argv[1], argv[2]);
    const cl_mem x = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                                    sizeof in, in, &code);
    need(code, "in");
    const cl_mem y = clCreateBuffer(clf_context_cl(ctx), CL_MEM_READ_WRITE, sizeof in, NULL, &code);
    need(code, "out");
    need(clSetKernelArg(kernel, 0, sizeof x, &x), "argument 0");
    need(clSetKernelArg(kernel, 1, sizeof y, &y), "argument 1");
    need(clSetKernelArg(kernel, 2, GROUP * sizeof(float), NULL), "argument 2");
    need(clEnqueueNDRangeKernel(clf_context_queue(ctx), kernel, 1, NULL, &global, &local, 0, NULL,
                                NULL),
         "launch");
    need(clFinish(clf_context_queue(ctx)), "finish");
    clReleaseMemObject(x);
    clReleaseMemObject(y);
    clReleaseKernel(kernel);
    clf_context_destroy(&ctx);
    return EXIT_SUCCESS;
}
