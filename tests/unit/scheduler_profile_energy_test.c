/* Tests of scheduler/profile/energy.c: a powercap tree made of files, as Linux lays it out. */
#include "scheduler/profile/energy.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *root, const char *domain, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", root, domain);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/%s", root, domain, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void write_domain(const char *root, const char *domain, const char *name, const char *uj)
{
    write_file(root, domain, "name", name);
    write_file(root, domain, "max_energy_range_uj", "262143328850\n");
    write_file(root, domain, "energy_uj", uj);
}

static void make_root(char *root)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    return remove(path);
}

static void remove_root(const char *root)
{
    nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void adds_up_packages_alone(void)
{
    char root[] = "/tmp/joint-powercap-XXXXXX";
    make_root(root);
    write_file(root, "intel-rapl", "enabled", "1\n"); /* the control type itself: no counter */
    write_domain(root, "intel-rapl:0", "package-0\n", "1000000\n");
    write_domain(root, "intel-rapl:0:0", "core\n", "500000\n");
    write_domain(root, "intel-rapl:1", "package-1\n", "5000000\n");
    write_domain(root, "intel-rapl-mmio:0", "package-0\n", "1000000\n");
    write_domain(root, "intel-rapl:2", "psys\n", "7000000\n");
    struct energy_meter meter;
    CU_ASSERT_EQUAL_FATAL(energy_meter_open(&meter, root), 0);
    CU_ASSERT_EQUAL(meter.package_count, 2);
    CU_ASSERT_EQUAL(energy_meter_read(&meter), 0);
    CU_ASSERT_DOUBLE_EQUAL(meter.joules, 0, 1e-12);
    write_file(root, "intel-rapl:0", "energy_uj", "1250000\n");
    write_file(root, "intel-rapl:0:0", "energy_uj", "9500000\n");
    write_file(root, "intel-rapl:1", "energy_uj", "7000000\n");
    CU_ASSERT_EQUAL(energy_meter_read(&meter), 0);
    CU_ASSERT_DOUBLE_EQUAL(meter.joules, 0.25 + 2, 1e-9);
    energy_meter_close(&meter);
    remove_root(root);
}

static void follows_a_counter_around(void)
{
    char root[] = "/tmp/joint-powercap-XXXXXX";
    make_root(root);
    write_domain(root, "intel-rapl:0", "package-0\n", "262143000000\n");
    struct energy_meter meter;
    CU_ASSERT_EQUAL_FATAL(energy_meter_open(&meter, root), 0);
    write_file(root, "intel-rapl:0", "energy_uj", "171150\n");
    CU_ASSERT_EQUAL(energy_meter_read(&meter), 0);
    CU_ASSERT_DOUBLE_EQUAL(meter.joules, 0.5, 1e-9); /* 328850 to the end, 171150 from there */
    energy_meter_close(&meter);
    remove_root(root);
    CU_ASSERT_EQUAL(energy_difference(90, 10, 100), 20);
    CU_ASSERT_EQUAL(energy_difference(10, 90, 100), 80);
    CU_ASSERT_EQUAL(energy_difference(150, 10, 100), 10);
}

static void says_why_it_cannot_measure(void)
{
    char root[] = "/tmp/joint-powercap-XXXXXX";
    make_root(root);
    struct energy_meter meter;
    CU_ASSERT_EQUAL(energy_meter_open(&meter, "/nowhere/powercap"), -ENOENT);
    CU_ASSERT_EQUAL(energy_meter_open(&meter, root), -ENOENT);
    write_domain(root, "intel-rapl:0:0", "core\n", "1\n");
    CU_ASSERT_EQUAL(energy_meter_open(&meter, root), -ENOENT);
    write_domain(root, "intel-rapl:0", "package-0\n", "not a number\n");
    CU_ASSERT_EQUAL(energy_meter_open(&meter, root), -EINVAL);
    write_file(root, "intel-rapl:0", "energy_uj", "");
    CU_ASSERT_EQUAL(energy_meter_open(&meter, root), -EINVAL);
    write_file(root, "intel-rapl:0", "energy_uj", "1\n");
    char path[512];
    snprintf(path, sizeof(path), "%s/intel-rapl:0/energy_uj", root);
    chmod(path, 0);
    if (geteuid() != 0) /* root may read everything */
        CU_ASSERT_EQUAL(energy_meter_open(&meter, root), -EACCES);
    remove_root(root);
    energy_meter_close(NULL);
}

const struct cunit_test tests[] = {
    {"packages are added up, and nothing else that has a counter", adds_up_packages_alone},
    {"a counter that starts again is followed around", follows_a_counter_around},
    {"a tree without readable packages is refused with the reason", says_why_it_cannot_measure},
    {NULL, NULL},
};
