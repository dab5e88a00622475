/* The table of properties: a row is a parameter, its name, how its bytes are read and when a
 * device has it. Decides nothing.
 *
 * Invariant: a property is either a text or an error, and one that a device need not have is not
 * asked for: what stands in the answer is the driver's word. */
#include "properties.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../clfavor/report.h"
#include "cl/device_internal.h"
#include "cl/error.h"

/* How the bytes of an answer are to be read. */
typedef enum shape {
    TEXT,
    UINT,
    ULONG,
    SIZE,
    SIZES,
    BOOL,
    BITS,       // cl_bitfield, in hexadecimal
    HEX,        // cl_uint, in hexadecimal
    TYPE,       // of a device
    LOCAL,      // kind of local memory
    VERSIONED,  // array of cl_name_version
    BYTES,
    PCI  // of cl_khr_pci_bus_info
} shape;

typedef struct property {
    const char *name;
    cl_device_info param;
    shape shape;
    int since;          // OpenCL version as 120; 0: any
    const char *token;  // an extension that has it as well; alone when `since` is 0
    bool secret;        // only with --full
} property;

/* Parameters newer than OpenCL 1.2 and those of extensions, by number: headers differ. */
static const property k_properties[] = {
    {"type", CL_DEVICE_TYPE, TYPE, 0, NULL, false},
    {"vendor_id", CL_DEVICE_VENDOR_ID, HEX, 0, NULL, false},
    {"profile", CL_DEVICE_PROFILE, TEXT, 0, NULL, false},
    {"version", CL_DEVICE_VERSION, TEXT, 0, NULL, false},
    {"driver", CL_DRIVER_VERSION, TEXT, 0, NULL, false},
    {"c_version", CL_DEVICE_OPENCL_C_VERSION, TEXT, 0, NULL, false},
    {"c_versions", 0x1066, VERSIONED, 300, NULL, false},
    {"il_version", 0x105B, TEXT, 210, "cl_khr_il_program", false},
    {"available", CL_DEVICE_AVAILABLE, BOOL, 0, NULL, false},
    {"compiler", CL_DEVICE_COMPILER_AVAILABLE, BOOL, 0, NULL, false},
    {"compute_units", CL_DEVICE_MAX_COMPUTE_UNITS, UINT, 0, NULL, false},
    {"clock_mhz", CL_DEVICE_MAX_CLOCK_FREQUENCY, UINT, 0, NULL, false},
    {"address_bits", CL_DEVICE_ADDRESS_BITS, UINT, 0, NULL, false},
    {"little_endian", CL_DEVICE_ENDIAN_LITTLE, BOOL, 0, NULL, false},
    {"global_mem_bytes", CL_DEVICE_GLOBAL_MEM_SIZE, ULONG, 0, NULL, false},
    {"max_alloc_bytes", CL_DEVICE_MAX_MEM_ALLOC_SIZE, ULONG, 0, NULL, false},
    {"cache_bytes", CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, ULONG, 0, NULL, false},
    {"cache_line_bytes", CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE, UINT, 0, NULL, false},
    {"local_mem_bytes", CL_DEVICE_LOCAL_MEM_SIZE, ULONG, 0, NULL, false},
    {"local_mem_type", CL_DEVICE_LOCAL_MEM_TYPE, LOCAL, 0, NULL, false},
    {"constant_buffer_bytes", CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE, ULONG, 0, NULL, false},
    {"parameter_bytes", CL_DEVICE_MAX_PARAMETER_SIZE, SIZE, 0, NULL, false},
    {"base_align_bits", CL_DEVICE_MEM_BASE_ADDR_ALIGN, UINT, 0, NULL, false},
    {"host_unified_memory", CL_DEVICE_HOST_UNIFIED_MEMORY, BOOL, 0, NULL, false},
    {"svm", 0x1053, BITS, 200, NULL, false},
    {"max_work_group_size", CL_DEVICE_MAX_WORK_GROUP_SIZE, SIZE, 0, NULL, false},
    {"max_work_item_sizes", CL_DEVICE_MAX_WORK_ITEM_SIZES, SIZES, 0, NULL, false},
    {"preferred_multiple", 0x1067, SIZE, 300, NULL, false},
    {"non_uniform_groups", 0x1065, BOOL, 300, NULL, false},
    {"generic_address_space", 0x1069, BOOL, 300, NULL, false},
    {"max_sub_groups", 0x105C, UINT, 210, "cl_khr_subgroups", false},
    {"sub_group_sizes", 0x4108, SIZES, 0, "cl_intel_required_subgroup_size", false},
    {"preferred_width_float", CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, UINT, 0, NULL, false},
    {"native_width_float", CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, UINT, 0, NULL, false},
    {"native_width_half", CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF, UINT, 0, NULL, false},
    {"native_width_double", CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE, UINT, 0, NULL, false},
    {"single_fp_config", CL_DEVICE_SINGLE_FP_CONFIG, BITS, 0, NULL, false},
    {"double_fp_config", CL_DEVICE_DOUBLE_FP_CONFIG, BITS, 120, "cl_khr_fp64", false},
    {"half_fp_config", 0x1033, BITS, 0, "cl_khr_fp16", false},
    {"integer_dot", 0x1073, BITS, 0, "cl_khr_integer_dot_product", false},
    {"queue_properties", CL_DEVICE_QUEUE_PROPERTIES, BITS, 0, NULL, false},
    {"timer_resolution_ns", CL_DEVICE_PROFILING_TIMER_RESOLUTION, SIZE, 0, NULL, false},
    {"extensions", CL_DEVICE_EXTENSIONS, TEXT, 0, NULL, false},
    {"pci", 0x410F, PCI, 0, "cl_khr_pci_bus_info", false},
    {"nv_compute_major", 0x4000, UINT, 0, "cl_nv_device_attribute_query", false},
    {"nv_compute_minor", 0x4001, UINT, 0, "cl_nv_device_attribute_query", false},
    {"nv_warp_size", 0x4003, UINT, 0, "cl_nv_device_attribute_query", false},
    {"amd_board_name", 0x4038, TEXT, 0, "cl_amd_device_attribute_query", false},
    {"amd_wavefront_width", 0x4043, UINT, 0, "cl_amd_device_attribute_query", false},
    {"intel_device_id", 0x4251, HEX, 0, "cl_intel_device_attribute_query", false},
    {"uuid", 0x106A, BYTES, 0, "cl_khr_device_uuid", true},
};

/* cl_name_version of OpenCL 3.0. */
typedef struct name_version {
    cl_uint version;
    char name[64];
} name_version;

/* Room for one answer in words; a longer one is cut, but for texts. */
enum {
    WORDS = 512
};

/* As many words as fit, with ", " between them. */
static void add_word(char *words, const char *word)
{
    const size_t used = strlen(words);
    snprintf(words + used, WORDS - used, "%s%s", used ? ", " : "", word);
}

static void write_sizes(const void *bytes, size_t size, char *words)
{
    for (size_t i = 0; i + sizeof(size_t) <= size; i += sizeof(size_t)) {
        char word[32];
        size_t value;
        memcpy(&value, (const char *)bytes + i, sizeof value);
        snprintf(word, sizeof word, "%zu", value);
        add_word(words, word);
    }
}

static void write_versions(const void *bytes, size_t size, char *words)
{
    for (size_t i = 0; i + sizeof(name_version) <= size; i += sizeof(name_version)) {
        char word[32];
        name_version value;
        memcpy(&value, (const char *)bytes + i, sizeof value);
        snprintf(word, sizeof word, "%u.%u", value.version >> 22, value.version >> 12 & 0x3ff);
        add_word(words, word);
    }
}

static void write_pci(const void *bytes, size_t size, char *words)
{
    cl_uint at[4] = {0};  // domain, bus, device, function
    memcpy(at, bytes, size < sizeof at ? size : sizeof at);
    snprintf(words, WORDS, "%04x:%02x:%02x.%x", at[0], at[1], at[2], at[3]);
}

static void write_bytes(const void *bytes, size_t size, char *words)
{
    for (size_t i = 0; i < size && 2 * i + 3 < WORDS; i++)
        snprintf(words + 2 * i, 3, "%02x", ((const unsigned char *)bytes)[i]);
}

static const char *type_word(cl_ulong type)
{
    switch (type & ~(cl_ulong)CL_DEVICE_TYPE_DEFAULT) {
    case CL_DEVICE_TYPE_CPU:
        return "CPU";
    case CL_DEVICE_TYPE_GPU:
        return "GPU";
    case CL_DEVICE_TYPE_ACCELERATOR:
        return "accelerator";
    default:
        return "other";
    }
}

/* An integer of 4 or 8 bytes, whichever the driver wrote. */
static cl_ulong read_integer(const void *bytes, size_t size)
{
    cl_uint small = 0;
    cl_ulong large = 0;
    if (size >= sizeof large)
        memcpy(&large, bytes, sizeof large);
    else if (size >= sizeof small)
        memcpy(&small, bytes, sizeof small);
    return size >= sizeof large ? large : small;
}

/* The answer as a text. `bytes` has a zero after its `size` bytes. */
static json_t *in_words(shape how, const char *bytes, size_t size)
{
    char words[WORDS] = "";
    const cl_ulong value = read_integer(bytes, size);
    switch (how) {
    case TEXT:
        return report_text(bytes + strspn(bytes, " "));
    case SIZES:
        write_sizes(bytes, size, words);
        break;
    case VERSIONED:
        write_versions(bytes, size, words);
        break;
    case PCI:
        write_pci(bytes, size, words);
        break;
    case BYTES:
        write_bytes(bytes, size, words);
        break;
    case BOOL:
        return json_string(value ? "yes" : "no");
    case TYPE:
        return json_string(type_word(value));
    case LOCAL:
        return json_string(value == CL_LOCAL ? "dedicated" : "ordinary");
    case BITS:
    case HEX:
        snprintf(words, sizeof words, "0x%llx", (unsigned long long)value);
        break;
    default:
        snprintf(words, sizeof words, "%llu", (unsigned long long)value);
    }
    return json_string(words);
}

json_t *properties_error(cl_int code)
{
    return json_pack("{s:s, s:i}", "error", clfi_cl_error_name(code), "code", (int)code);
}

/* The text of a property or its error. */
static json_t *read_property(cl_device_id device, const property *p)
{
    size_t size = 0;
    cl_int code = clGetDeviceInfo(device, p->param, 0, NULL, &size);
    if (code != CL_SUCCESS)
        return properties_error(code);
    char *bytes = calloc(1, size + 1);
    if (!bytes)
        return properties_error(CL_OUT_OF_HOST_MEMORY);
    code = clGetDeviceInfo(device, p->param, size, bytes, NULL);
    json_t *value = code == CL_SUCCESS ? in_words(p->shape, bytes, size) : properties_error(code);
    free(bytes);
    return value;
}

void properties_text(cl_device_id device, cl_device_info param, char *text, size_t size)
{
    size_t needed = 0;
    text[0] = '\0';
    if (clGetDeviceInfo(device, param, 0, NULL, &needed) != CL_SUCCESS)
        return;
    char *whole = calloc(1, needed + 1);
    if (whole && clGetDeviceInfo(device, param, needed, whole, NULL) == CL_SUCCESS)
        snprintf(text, size, "%s", whole);
    free(whole);
}

int properties_version(cl_device_id device)
{
    char text[128];
    int major = 0;
    int minor = 0;
    properties_text(device, CL_DEVICE_VERSION, text, sizeof text);
    return sscanf(text, "OpenCL %d.%d", &major, &minor) == 2 ? major * 100 + minor * 10 : 0;
}

json_t *properties_read(cl_device_id device, bool full)
{
    static const size_t room = 1 << 16;
    json_t *object = json_object();
    const int version = properties_version(device);
    char *extensions = calloc(1, room);
    if (extensions)
        properties_text(device, CL_DEVICE_EXTENSIONS, extensions, room);
    for (size_t i = 0; i < sizeof k_properties / sizeof k_properties[0]; i++) {
        const property *p = &k_properties[i];
        const bool by_version = p->since ? version >= p->since : !p->token;
        const bool by_token = p->token && extensions && clfi_has_extension(extensions, p->token);
        if ((by_version || by_token) && (full || !p->secret))
            json_object_set_new(object, p->name, read_property(device, p));
    }
    free(extensions);
    return object;
}
