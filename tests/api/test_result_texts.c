/* Results as texts, right ones and hostile ones. Needs no device. */
#include "tune_support.h"

#include "tune/result_json.h"
#include "tune/timestamp.h"

#define LAST INT64_C(253402300799)

static clfi_database parsed(const char *text)
{
    clfi_database db;
    all_messages all;
    ck_assert_int_eq(
        clfi_database_parse(text, strlen(text), "f", listen_to(&all), CLF_LOG_ERROR, &db), CLF_OK);
    ck_assert_msg(!all.text[0], "%s", all.text);
    return db;
}

START_TEST(times_are_those_of_the_calendar)
{
    static const struct {
        int64_t time;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00Z"},          {951782400, "2000-02-29T00:00:00Z"},
                 {951868799, "2000-02-29T23:59:59Z"},  {1709208000, "2024-02-29T12:00:00Z"},
                 {1795788053, "2026-11-27T14:00:53Z"}, {4107542400, "2100-03-01T00:00:00Z"},
                 {LAST, "9999-12-31T23:59:59Z"}};
    char text[CLFI_TIMESTAMP_TEXT];
    int64_t time;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clfi_timestamp_print(cases[i].time, text);
        ck_assert_str_eq(text, cases[i].text);
        ck_assert(clfi_timestamp_parse(text, &time));
        ck_assert_int_eq(time, cases[i].time);
    }
    clfi_timestamp_print(-5, text);
    ck_assert_str_eq(text, cases[0].text);
    clfi_timestamp_print(INT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
    static const char *const bad[] = {
        "",
        "now",
        "2026-11-27",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "1969-12-31T23:59:59Z",
        "2026-01-01T00:00:00z",
        "2026-01-01 00:00:00Z",
        "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z ",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!clfi_timestamp_parse(bad[i], &time), "%s", bad[i]);
}
END_TEST

START_TEST(a_result_comes_back_as_it_went)
{
    clfi_result results[3] = {sample_result("causal map=pair", 1795788053),
                              sample_result("exact D=64", 0), sample_result("a", LAST)};
    results[1].configuration = (clfi_configuration){
        .path = CLF_PATH_EXACT, .tuning = {.family = CLF_FAMILY_PLAIN, .local_size = 32}};
    results[1].origin = CLFI_ORIGIN_IMPORTED;
    results[1].runtimes = CLFI_MAX_RUNTIMES;
    for (int i = 0; i < CLFI_MAX_RUNTIMES; i++)
        results[1].seconds[i] = 1e-6 * pow(2.0, i);
    results[1].key.identity.target[0] = '\0';
    results[2].configuration = (clfi_configuration){.path = CLF_PATH_AUTO};
    results[2].correctness = results[2].compile_seconds = NAN;
    results[2].ratio[0] = results[2].ratio[1] = results[2].ratio[2] = NAN;
    results[2].runtimes = 0;
    clfi_database db = database_of(results, 3);
    const clfi_class_record record = sample_class("d", "cpu_8");
    ck_assert_int_eq(clfi_database_put_class(&db, &record), CLF_OK);

    char *text = printed(&db);
    clfi_database again = parsed(text);
    ck_assert_int_eq(again.count, 3);
    for (int i = 0; i < 3; i++)
        assert_same_result(&results[i], &again.results[i]);
    ck_assert_int_eq(again.class_count, 1);
    ck_assert_str_eq(again.classes[0].name, "cpu_8");
    ck_assert_str_eq(again.classes[0].identity.device, "d");
    ck_assert(again.classes[0].asked);
    char *second = printed(&again);
    ck_assert_str_eq(text, second);
    free(text);
    free(second);
    clfi_database_finish(&db);
    clfi_database_finish(&again);
}
END_TEST

/* Of candidates that failed, which are in the journal alone. */
START_TEST(every_verdict_comes_back)
{
    all_messages all;
    const clfi_place place = {.log = listen_to(&all), .level = CLF_LOG_ERROR, .name = ""};
    for (int v = 0; v < CLFI_VERDICTS; v++) {
        clfi_result r = sample_result("a", 5), again;
        r.final = false;
        r.verdict = (clfi_verdict)v;
        r.correctness = v == CLFI_VERDICT_CORRECTNESS ? 1e300 : r.correctness;
        snprintf(r.message, sizeof r.message, "line 1\nline 2 \x80 \x7f");
        json_t *json = clfi_result_json(&r);
        ck_assert_str_eq(json_string_value(json_object_get(json, "invalidity")),
                         clfi_verdict_name(r.verdict));
        ck_assert_int_eq(clfi_result_read(json, &place, &again), CLF_OK);
        snprintf(r.message, sizeof r.message, "line 1?line 2 ? ?");
        assert_same_result(&r, &again);
        json_decref(json);
    }
    ck_assert_str_eq(all.text, "");
}
END_TEST

/* The largest database that can be has to be read again. */
START_TEST(a_full_database_fits_its_file)
{
    clfi_result r = sample_result("", 0);
    char *const texts[] = {r.key.identity.platform,
                           r.key.identity.device,
                           r.key.identity.driver,
                           r.key.identity.target,
                           r.key.kernels,
                           r.key.dtype,
                           r.key.shape,
                           r.message};
    const size_t sizes[] = {sizeof r.key.identity.platform,
                            sizeof r.key.identity.device,
                            sizeof r.key.identity.driver,
                            sizeof r.key.identity.target,
                            sizeof r.key.kernels,
                            sizeof r.key.dtype,
                            sizeof r.key.shape,
                            sizeof r.message};
    for (int i = 0; i < 8; i++)
        memset(texts[i], '"', sizes[i] - 1);  // each is written as two
    r.runtimes = CLFI_MAX_RUNTIMES;
    for (int i = 0; i < CLFI_MAX_RUNTIMES; i++)
        r.seconds[i] = 1.0 / 3e23;
    clfi_database db = {.count = 0};
    for (int i = 0; i < CLFI_DATABASE_RESULTS; i++) {
        snprintf(r.key.dtype, sizeof r.key.dtype, "%d", i);
        ck_assert_int_eq(clfi_database_put(&db, &r), CLF_OK);
    }
    char *text = printed(&db);
    ck_assert_uint_le(strlen(text), CLFI_DATABASE_BYTES - CLFI_DATABASE_CLASSES * 2048);
    clfi_database again = parsed(text);
    ck_assert_int_eq(again.count, CLFI_DATABASE_RESULTS);
    free(text);
    clfi_database_finish(&db);
    clfi_database_finish(&again);
}
END_TEST

/* `text` with the first `from` replaced by `to`. The caller frees it. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    ck_assert_msg(at != NULL, "'%s' is not in the text", from);
    const size_t size = strlen(text) + strlen(to) + 1;
    char *out = malloc(size);
    ck_assert_ptr_nonnull(out);
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

#define LONG_40  "0123456789012345678901234567890123456789"
#define LONG_160 LONG_40 LONG_40 LONG_40 LONG_40
#define TEN      "1,1,1,1,1,1,1,1,1,1,"

/* Each replaces a text of a right entry, which is results[0]. */
static const struct {
    const char *from, *to, *said;
} wrong_members[] = {
    {"\"timestamp\": \"1970-01-01T00:00:07Z\"", "\"timestamp\": 7", ".timestamp is 7, but a time"},
    {"1970-01-01T00:00:07Z", "1970-02-30T00:00:07Z", ".timestamp is '1970-02-30T00:00:07Z'"},
    {"\"timestamp\"", "\"time\"", ".timestamp is missing"},
    {"\"tile_rows\": 48", "\"tile_rows\": 47",
     ".configuration.tile_rows is 47, but multiples of 12 up to 96 are possible"},
    {"\"tile_rows\": 48", "\"tile_rows\": -48", ".configuration.tile_rows is -48, but"},
    {"\"tile_rows\": 48", "\"tile_rows\": 48.0", ".configuration.tile_rows is 48, but"},
    {"\"tile_rows\": 48", "\"tile_rows\": \"48\"", ".configuration.tile_rows is '48', but"},
    {"\"tile_rows\": 48", "\"tile_rows\": 9223372036854775807",
     ".configuration.tile_rows is 9223372036854775807, but"},
    {"\"tile_rows\": 48", "\"tile_rows\": [48]", ".configuration.tile_rows is an array, but"},
    {"\"path\": \"fused\"", "\"path\": \"rm -rf\"",
     ".configuration.path is 'rm -rf', but auto, fused, clblast and exact are possible"},
    {"\"path\": \"fused\"", "\"path\": 1", ".configuration.path is 1, but auto"},
    {"\"path\": \"fused\"", "\"path\": \"exact\"",
     ".configuration.path is exact, but key.shape is 'causal'"},
    {"\"vector_width\": 16", "\"vector_width\": 5",
     ".configuration.vector_width is 5, but 4, 8 and 16 are"},
    {"\"segments\": 3", "\"segments\": 65",
     ".configuration.segments is 65, but 1 to 64 are possible"},
    {"\"segments\": 3", "\"segments\": null", ".configuration.segments is null, but"},
    {"\"segments\": 3", "\"local_size\": 1025",
     ".configuration.local_size is 1025, but 1 to 1024 are"},
    {"\"family\": \"wide\"", "\"family\": \"plain\"", ".configuration: tuning.vector_width=16 "},
    {"\"segments\": 3", "\"segmants\": 3", ".configuration.segmants is no parameter of this"},
    {"\"segments\": 3", "\"a\\nb\": 3", ".configuration.a?b is no parameter of this version"},
    {"\"configuration\"", "\"configured\"", ".configuration is missing, but an object is wanted"},
    {"\"times\"", "\"timing\"", ".times is missing, but an object is wanted"},
    {"\"compilation_time\": 1500.0", "\"compilation_time\": -1500",
     ".times.compilation_time is -1500, but 0 to 8.64e+07 are possible"},
    {"\"compilation_time\": 1500.0", "\"compilation_time\": 1e300",
     ".times.compilation_time is 1e+300"},
    {"\"compilation_time\": 1500.0", "\"compilation_time\": \"long\"",
     ".times.compilation_time is 'long'"},
    {"\"runtimes\": [", "\"runtimes\": [" TEN TEN TEN,
     ".times.runtimes has 33 numbers, but 32 are"},
    {"\"runtimes\": [", "\"runtimes\": [1, -1, ", ".times.runtimes[1] is -1, but 0 to"},
    {"\"runtimes\": [", "\"runtimes\": [null, ", ".times.runtimes[0] is null, but a number"},
    {"\"runtimes\": [", "\"runtimes\": {}, \"x\": [", ".times.runtimes is an object, but"},
    {"\"invalidity\": \"correct\"", "\"invalidity\": \"perfect\"",
     ".invalidity is 'perfect', but correct, compile, runtime, timeout, correctness, constraints "
     "are possible"},
    {"\"invalidity\"", "\"validity\"", ".invalidity is missing"},
    {"\"invalidity\": \"correct\"", "\"invalidity\": \"compile\"",
     ".final is true, but invalidity is compile"},
    {"\"correctness\": 0.25", "\"correctness\": -0.25", ".correctness is -0.25, but 0 to"},
    {"\"correctness\": 0.25", "\"correctness\": 1.5",
     ".correctness is 1.5, but a correct result has 1 at most"},
    {"\"correctness\": 0.25", "\"correctness\": true", ".correctness is true, but"},
    {"\"measurements\": [", "\"measurements\": 1, \"x\": [", ".measurements is 1, but an array"},
    {"\"measurements\": [", "\"measurements\": [5, ", ".measurements[0] is 5, but an object with"},
    {"\"value\": 1.25", "\"value\": -1",
     ".measurements[1].value is -1, but 1e-06 to 1e+06 are possible"},
    {"\"value\": 1.25", "\"value\": 0", ".measurements[1].value is 0, but"},
    {"\"value\": 1.25", "\"value\": 1e7", ".measurements[1].value is 1e+07, but"},
    {"\"value\": 1.25", "\"value\": 2", ".measurements have quartiles 1.125, 2 and 1.5"},
    {"\"key\"", "\"kee\"", ".key is missing, but an object is wanted"},
    {"\"platform\"", "\"plattform\"", ".key.platform is missing, but a text is wanted"},
    {"\"platform\": \"Portable Computing Language\"", "\"platform\": 7", ".key.platform is 7, but"},
    {"Portable", LONG_160, ".key.platform has 179 bytes, but 95 are possible"},
    {"Portable", "P\\u0007", ".key.platform is 'P? Computing Language', but printable ASCII"},
    {"Portable", "Port\xc3\xa4", ".key.platform is 'Port?? Computing Language', but printable"},
    {"\"device\"", "\"devize\"", ".key.device is missing"},
    {"\"driver\"", "\"drifer\"", ".key.driver is missing"},
    {"\"target\": \"avx2\"", "\"target\": \"" LONG_40 LONG_40 "\"", ".key.target has 80 bytes"},
    {"\"kernels\"", "\"kernel\"", ".key.kernels is missing"},
    {"f16,f16", LONG_40, ".key.dtype has 48 bytes, but 39 are possible"},
    {"\"shape\"", "\"shapes\"", ".key.shape is missing"},
    {"\"origin\": \"tuned\"", "\"origin\": \"stolen\"",
     ".origin is 'stolen', but tuned, imported are possible"},
    {"\"final\": true", "\"final\": \"yes\"", ".final is 'yes', but true and false are possible"},
    {"\"final\": true", "\"final\": false",
     ".final is false, but a database has final results alone"},
    {"\"final\"", "\"finale\"", ".final is false, but a database has final results alone"},
    {"nothing to say", LONG_160, ".message has 160 bytes, but 159 are possible"},
    {"\"results\": [", "\"results\": [17, ", ".key is missing"},
};

START_TEST(a_wrong_member_is_refused_by_name)
{
    const clfi_result results[] = {sample_result("causal", 7), sample_result("exact D=1", 8)};
    clfi_database db = database_of(results, 2);
    db.results[1].configuration.path = CLF_PATH_EXACT;
    char *text = printed(&db);
    clfi_database_finish(&db);
    for (size_t i = 0; i < sizeof wrong_members / sizeof wrong_members[0]; i++) {
        char *bad = replaced(text, wrong_members[i].from, wrong_members[i].to), said[256];
        all_messages all;
        ck_assert_int_eq(
            clfi_database_parse(bad, strlen(bad), "sent", listen_to(&all), CLF_LOG_ERROR, &db),
            CLF_OK);
        snprintf(said, sizeof said, "sent: results[0]%s", wrong_members[i].said);
        ck_assert_msg(strstr(all.text, said) != NULL, "'%s' is not in '%s'", said, all.text);
        ck_assert_int_eq(all.count[CLF_LOG_WARNING], 1);
        ck_assert_int_eq(all.count[CLF_LOG_ERROR], 0);
        ck_assert_int_eq(db.left_out, 1);
        ck_assert_str_eq(db.results[db.count - 1].key.shape, "exact D=1");  // others count
        clfi_database_finish(&db);
        free(bad);
    }
    free(text);
}
END_TEST

START_TEST(exact_attention_takes_no_other_path)
{
    all_messages all;
    const clfi_place place = {.log = listen_to(&all), .level = CLF_LOG_ERROR, .name = ""};
    clfi_result r = sample_result("exact causal D=64", 5), again;
    json_t *json = clfi_result_json(&r);
    ck_assert_int_eq(clfi_result_read(json, &place, &again), CLF_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(all.text, "configuration.path is fused, but key.shape is 'exact"));
    json_decref(json);
    r.configuration.path = CLF_PATH_AUTO;
    json = clfi_result_json(&r);
    ck_assert_int_eq(clfi_result_read(json, &place, &again), CLF_OK);
    json_decref(json);
}
END_TEST

START_TEST(a_wrong_class_is_refused_by_name)
{
    static const struct {
        const char *from, *to, *said;
    } cases[] = {
        {"\"cpu_8\"", "\"cpu_99\"", ".class is 'cpu_99', but it is no class of this version"},
        {"\"cpu_8\"", "8", ".class is 8, but a text is wanted"},
        {"\"cpu_8\"", "\"" LONG_40 "\"", ".class has 40 bytes, but 31 are possible"},
        {"\"class\"", "\"klass\"", ".class is missing"},
        {"\"asked\": true", "\"asked\": 1", ".asked is 1, but true and false are possible"},
        {"\"device\"", "\"devize\"", ".key.device is missing"},
    };
    clfi_database db = {.count = 0};
    const clfi_class_record records[] = {sample_class("a", "cpu_8"), sample_class("b", "mali")};
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(clfi_database_put_class(&db, &records[i]), CLF_OK);
    char *text = printed(&db);
    clfi_database_finish(&db);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *bad = replaced(text, cases[i].from, cases[i].to), said[256];
        all_messages all;
        ck_assert_int_eq(
            clfi_database_parse(bad, strlen(bad), "sent", listen_to(&all), CLF_LOG_ERROR, &db),
            CLF_OK);
        snprintf(said, sizeof said, "sent: classes[0]%s", cases[i].said);
        ck_assert_msg(strstr(all.text, said) != NULL, "'%s' is not in '%s'", said, all.text);
        ck_assert_int_eq(db.class_count, 1);
        ck_assert_str_eq(db.classes[0].name, "mali");
        clfi_database_finish(&db);
        free(bad);
    }
    free(text);
}
END_TEST

START_TEST(what_a_later_version_adds_is_passed_over)
{
    const clfi_result results[] = {sample_result("causal", 7)};
    clfi_database db = database_of(results, 1);
    char *text = printed(&db);
    char *a = replaced(text, "\"1.0.0\"", "\"1.7.0\"");
    char *b = replaced(a, "{", "{\"new\": [[[{}]]], ");
    char *c = replaced(b, "\"timestamp\"", "\"energy\": {\"J\": 5}, \"timestamp\"");
    char *d = replaced(c, "\"measurements\": [", "\"measurements\": [{\"name\": \"W\"}, ");
    clfi_database again = parsed(d);
    ck_assert_int_eq(again.count, 1);
    assert_same_result(&results[0], &again.results[0]);
    char *const texts[] = {text, a, b, c, d};
    for (int i = 0; i < 5; i++)
        free(texts[i]);
    clfi_database_finish(&db);
    clfi_database_finish(&again);
}
END_TEST

static void assert_no_database(const char *text, size_t size, const char *said)
{
    clfi_database db;
    all_messages all;
    ck_assert_int_eq(clfi_database_parse(text, size, "f", listen_to(&all), CLF_LOG_ERROR, &db),
                     CLF_ERROR_FORMAT);
    ck_assert_msg(all.count[CLF_LOG_ERROR] == 1, "%d messages for '%.40s'",
                  all.count[CLF_LOG_ERROR], text);
    ck_assert_msg(strstr(all.text, said) != NULL, "'%s' is not in '%s'", said, all.text);
    ck_assert(!db.results && !db.classes);
}

#define HEADER "{\"schema_version\": \"1.0.0\", \"format\": \"clfavor-tuned/1\", "

START_TEST(other_texts_are_no_database)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "(line 1"},
        {"#!/bin/sh\nrm -rf /", "'[' or '{' expected near '#'"},
        {"[]", "an array, but an object is wanted"},
        {"\"text\"", "'[' or '{' expected"},
        {"{}", "its format is not clfavor-tuned/1"},
        {"{\"format\": \"clfavor-tuned/2\"}", "its format is not clfavor-tuned/1"},
        {"{\"format\": 7}", "its format is not clfavor-tuned/1"},
        {"{\"format\": \"clfavor-tuned/1\"}", "its schema_version is not 1.x.y"},
        {"{\"format\": \"clfavor-tuned/1\", \"schema_version\": \"2.0.0\"}", "is not 1.x.y"},
        {"{\"format\": \"clfavor-tuned/1\", \"schema_version\": \"10.0.0\"}", "is not 1.x.y"},
        {HEADER "\"x\": 1}", "it has no array of results"},
        {HEADER "\"results\": {}}", "it has no array of results"},
        {HEADER "\"results\": []} trailing", "end of file expected"},
        {HEADER "\"results\": [1e999]}", "real number overflow"},
        {HEADER "\"results\": [99999999999999999999999]}", "too big integer"},
        {HEADER "\"results\": [NaN]}", "invalid token"},
        {HEADER "\"results\": [\"\xff\xfe\"]}", "unable to decode byte 0xff"},
        {HEADER "\"results\": [\"\\ud800\"]}", "invalid Unicode"},
        {HEADER "\"results\": [\"\\u0000\"]}", "\\u0000 is not allowed"},
        {HEADER "\"results\": [], \"results\": []}", "duplicate object key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_no_database(cases[i].text, strlen(cases[i].text), cases[i].said);
    assert_no_database("{}\0{}", 5, "end of file expected");
    assert_no_database("\0", 1, "(line 1");
}
END_TEST

START_TEST(a_text_that_was_cut_off_is_no_database)
{
    const clfi_result results[] = {sample_result("causal", 7)};
    clfi_database db = database_of(results, 1);
    char *text = printed(&db);
    for (size_t size = 0; size + 2 < strlen(text); size++) {
        char *exact = malloc(size + 1);  // a read too far is seen by a sanitizer
        memcpy(exact, text, size);
        assert_no_database(exact, size, "f: ");
        free(exact);
    }
    free(text);
    clfi_database_finish(&db);
}
END_TEST

/* "[[[[..", or in a member that nobody knows. */
START_TEST(deep_nesting_is_refused)
{
    enum {
        DEEP = 100000
    };
    char *text = malloc(DEEP + 200);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', DEEP);
    text[DEEP] = '\0';
    assert_no_database(text, DEEP, "maximum parsing depth reached");
    const int n = snprintf(text, 200, HEADER "\"x\": ");
    memset(text + n, '[', DEEP);
    assert_no_database(text, (size_t)n + DEEP, "maximum parsing depth reached");
    free(text);
}
END_TEST

START_TEST(more_than_there_is_room_for_is_left_out)
{
    enum {
        COUNT = 5000
    };
    clfi_result r = sample_result("causal", 7);
    json_t *all_results = json_array(), *classes = json_array();
    for (int i = 0; i < COUNT; i++) {
        snprintf(r.key.dtype, sizeof r.key.dtype, "%d", i);
        json_array_append_new(all_results, clfi_result_json(&r));
        const clfi_class_record record = sample_class(r.key.dtype, "cpu_8");
        json_array_append_new(classes, clfi_class_json(&record));
    }
    json_t *root = json_pack("{s:s, s:s, s:o, s:o}", "schema_version", "1.0.0", "format",
                             "clfavor-tuned/1", "results", all_results, "classes", classes);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    clfi_database db;
    all_messages all;
    ck_assert_int_eq(
        clfi_database_parse(text, strlen(text), "f", listen_to(&all), CLF_LOG_ERROR, &db), CLF_OK);
    ck_assert_int_eq(db.count, CLFI_DATABASE_RESULTS);
    ck_assert_str_eq(db.results[0].key.dtype, "0");
    ck_assert_int_eq(db.class_count, CLFI_DATABASE_CLASSES);
    ck_assert_str_eq(db.classes[0].identity.device, "0");
    ck_assert_int_eq(db.left_out, 2 * COUNT - CLFI_DATABASE_RESULTS - CLFI_DATABASE_CLASSES);
    ck_assert_str_eq(all.text,
                     "f: 5000 results, but 2048 are read\nf: 5000 classes, but 256 are read\n");
    free(text);
    clfi_database_finish(&db);
    text = calloc(CLFI_DATABASE_BYTES + 2, 1);
    memset(text, ' ', CLFI_DATABASE_BYTES + 1);
    assert_no_database(text, CLFI_DATABASE_BYTES + 1, "it has 8388609 bytes, but 8388608 are read");
    free(text);
}
END_TEST

static int allocations;

/* The n-th from now on fails. */
static void *scarce(size_t size)
{
    return --allocations == 0 ? NULL : malloc(size);
}

/* Writing; jansson's parser itself does not get over it. */
START_TEST(no_memory_for_json_is_told)
{
    const clfi_result r = sample_result("causal", 7);
    const clfi_class_record record = sample_class("d", "cpu_8");
    clfi_database db = database_of(&r, 1);
    char *text = NULL;
    ck_assert_int_eq(clfi_database_put_class(&db, &record), CLF_OK);
    json_set_alloc_funcs(scarce, free);
    int n = 0;
    clf_status status = CLF_ERROR_OUT_OF_HOST_MEMORY;
    while (status == CLF_ERROR_OUT_OF_HOST_MEMORY) {
        ck_assert_ptr_null(text);
        allocations = ++n;
        status = clfi_database_print(&db, &text);
    }
    json_set_alloc_funcs(malloc, free);
    ck_assert_int_eq(status, CLF_OK);
    ck_assert_int_gt(n, 50);
    clfi_database again = parsed(text);
    assert_same_result(&again.results[0], &r);
    free(text);
    clfi_database_finish(&db);
    clfi_database_finish(&again);
}
END_TEST

RUN_TESTS("result texts", times_are_those_of_the_calendar, a_result_comes_back_as_it_went,
          every_verdict_comes_back, a_full_database_fits_its_file,
          a_wrong_member_is_refused_by_name, exact_attention_takes_no_other_path,
          a_wrong_class_is_refused_by_name, what_a_later_version_adds_is_passed_over,
          other_texts_are_no_database, a_text_that_was_cut_off_is_no_database,
          deep_nesting_is_refused, more_than_there_is_room_for_is_left_out,
          no_memory_for_json_is_told)
