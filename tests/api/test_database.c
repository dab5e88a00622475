/* Results in memory: put and found. Needs no device. */
#include "tune_support.h"

START_TEST(put_replaces_its_key_alone)
{
    clfi_result r = sample_result("causal", 7), other = r, attempt = r;
    attempt.final = false;
    other.key.dtype[0] = 'b';
    const clfi_result results[] = {r, other, attempt};
    clfi_database db = database_of(results, 3);
    ck_assert_int_eq(db.count, 3);
    r.time = 3;
    ck_assert_int_eq(clfi_database_put(&db, &r), CLF_OK);
    ck_assert_int_eq(db.count, 3);
    ck_assert_int_eq(db.results[0].time, 3);
    ck_assert_int_eq(db.results[2].time, 7);

    clfi_class_record record = sample_class("d", "cpu_8");
    ck_assert_int_eq(clfi_database_put_class(&db, &record), CLF_OK);
    snprintf(record.name, sizeof record.name, "cpu_4");
    snprintf(record.identity.driver, sizeof record.identity.driver, "another");
    ck_assert_int_eq(clfi_database_put_class(&db, &record), CLF_OK);
    ck_assert_int_eq(db.class_count, 1);
    snprintf(record.identity.driver, sizeof record.identity.driver, "a third");
    ck_assert_str_eq(clfi_database_class(&db, &record.identity), "cpu_4");
    snprintf(record.identity.target, sizeof record.identity.target, "avx2");
    ck_assert_ptr_null(clfi_database_class(&db, &record.identity));
    clfi_database_finish(&db);
}
END_TEST

START_TEST(a_full_database_loses_what_is_worth_least)
{
    clfi_database db = {.count = 0};
    clfi_result r = sample_result("causal", 0);
    for (int i = 0; i < CLFI_DATABASE_RESULTS; i++) {
        snprintf(r.key.dtype, sizeof r.key.dtype, "%d", i);
        r.time = 1000 + i;
        r.origin = i == 100 ? CLFI_ORIGIN_IMPORTED : CLFI_ORIGIN_TUNED;
        ck_assert_int_eq(clfi_database_put(&db, &r), CLF_OK);
    }
    snprintf(r.key.dtype, sizeof r.key.dtype, "new");
    clfi_fit fit;
    r.time = 5000;
    ck_assert_int_eq(clfi_database_put(&db, &r), CLF_OK);  // instead of the imported one
    ck_assert_int_eq(db.count, CLFI_DATABASE_RESULTS);
    ck_assert_str_eq(db.results[100].key.dtype, "new");
    snprintf(r.key.dtype, sizeof r.key.dtype, "newer");
    ck_assert_int_eq(clfi_database_put(&db, &r), CLF_OK);  // instead of the oldest
    ck_assert_str_eq(db.results[0].key.dtype, "newer");
    snprintf(r.key.dtype, sizeof r.key.dtype, "worth less");
    r.origin = CLFI_ORIGIN_IMPORTED;
    ck_assert_int_eq(clfi_database_put(&db, &r), CLF_OK);
    ck_assert_ptr_null(clfi_database_find(&db, &r.key, &fit));
    ck_assert_int_eq(fit, CLFI_FIT_NONE);
    clfi_database_finish(&db);
}
END_TEST

START_TEST(only_driver_and_kernels_may_differ)
{
    const clfi_result r = sample_result("causal", 7);
    clfi_database db = database_of(&r, 1);
    clfi_fit fit;
    clfi_key key = r.key;
    char *const texts[] = {key.identity.platform,
                           key.identity.device,
                           key.identity.driver,
                           key.identity.target,
                           key.kernels,
                           key.dtype,
                           key.shape};
    ck_assert_ptr_eq(clfi_database_find(&db, &key, &fit), &db.results[0]);
    ck_assert_int_eq(fit, CLFI_FIT_EXACT);
    for (int i = 0; i < 7; i++) {
        const bool hint = i == 2 || i == 4;
        texts[i][0] ^= 1;
        ck_assert_ptr_eq(clfi_database_find(&db, &key, &fit), hint ? &db.results[0] : NULL);
        ck_assert_int_eq(fit, hint ? CLFI_FIT_HINT : CLFI_FIT_NONE);
        texts[i][0] ^= 1;
    }
    db.results[0].final = false;
    ck_assert_ptr_null(clfi_database_find(&db, &key, &fit));
    clfi_database_finish(&db);
}
END_TEST

START_TEST(of_hints_the_one_worth_most_is_found)
{
    clfi_result results[4];
    clfi_fit fit;
    for (int i = 0; i < 4; i++) {
        results[i] = sample_result("causal", 100 + 10 * (i == 1));
        snprintf(results[i].key.identity.driver, sizeof results[i].key.identity.driver, "%d", i);
    }
    results[3].time = 500;
    results[3].origin = CLFI_ORIGIN_IMPORTED;
    clfi_database db = database_of(results, 4);
    const clfi_key key = sample_result("causal", 0).key;
    ck_assert_ptr_eq(clfi_database_find(&db, &key, &fit), &db.results[1]);
    ck_assert_int_eq(fit, CLFI_FIT_HINT);
    db.results[2].time = 110;  // of two that are worth the same, the later one
    ck_assert_ptr_eq(clfi_database_find(&db, &key, &fit), &db.results[2]);
    const clfi_key exact = results[3].key;
    ck_assert_ptr_eq(clfi_database_find(&db, &exact, &fit), &db.results[3]);
    ck_assert_int_eq(fit, CLFI_FIT_EXACT);
    clfi_database_finish(&db);
}
END_TEST

/* What was found with kernels from a folder says little of other ones from that folder. */
START_TEST(kernels_of_a_folder_never_fit_exactly)
{
    clfi_result r = sample_result("causal", 7);
    clfi_fit fit;
    snprintf(r.key.kernels, sizeof r.key.kernels, "%s", CLFI_KERNELS_FOLDER);
    clfi_database db = database_of(&r, 1);
    ck_assert_ptr_nonnull(clfi_database_find(&db, &r.key, &fit));
    ck_assert_int_eq(fit, CLFI_FIT_HINT);
    clfi_database_finish(&db);
}
END_TEST

RUN_TESTS("database", put_replaces_its_key_alone, a_full_database_loses_what_is_worth_least,
          only_driver_and_kernels_may_differ, of_hints_the_one_worth_most_is_found,
          kernels_of_a_folder_never_fit_exactly)
