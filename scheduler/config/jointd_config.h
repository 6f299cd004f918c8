/* What jointd is told: every option's value, checked, in fixed units.
 *
 *   struct jointd_config config;
 *   struct config_errors errors = {0};
 *   int error = config_read(&config, "/etc/joint.conf", &errors);   // reader.h
 *   ...
 *   jointd_config_fini(&config);
 *
 * What each option means, its range and its default stand in one place: option_table.c. */
#ifndef SCHEDULER_CONFIG_JOINTD_CONFIG_H
#define SCHEDULER_CONFIG_JOINTD_CONFIG_H

#include "scheduler/config/address.h"

#include <stdbool.h>
#include <stdint.h>

/* What the messages between the processes can hold; scheduler/service asserts that they agree. */
#define CONFIG_MAX_MODELS 256
#define CONFIG_MAX_CLASSES 256
#define CONFIG_MAX_BATCH 64 /* rows that run together */
#define CONFIG_MAX_DIMENSIONS 4 /* of a model */
#define CONFIG_MAX_QUEUES 63
#define CONFIG_MAX_ADDRESSES 8
#define CONFIG_MAX_WORKER_CORES 64
/* Of texts, their ends included. */
#define CONFIG_SYMBOL_BYTES 56
#define CONFIG_NAME_BYTES 64
#define CONFIG_PATH_BYTES 2048
#define CONFIG_DEVICE_BYTES 1024
#define CONFIG_EAL_BYTES 4096
#define CONFIG_CONTROL_BYTES 108

enum config_port { CONFIG_PORT_AUTO, CONFIG_PORT_DPDK, CONFIG_PORT_URING };
enum config_idle { CONFIG_IDLE_ADAPTIVE, CONFIG_IDLE_BUSY };
enum config_choice { CONFIG_AUTO, CONFIG_YES, CONFIG_NO };
enum config_io { CONFIG_IO_AUTO, CONFIG_IO_RING, CONFIG_IO_PLAIN };
enum config_pages { CONFIG_PAGES_ANY, CONFIG_PAGES_SMALL, CONFIG_PAGES_HUGE };
enum config_mode { CONFIG_MODE_NONE, CONFIG_MODE_PER_CUT, CONFIG_MODE_JOIN };

enum config_requests { CONFIG_REQUESTS_OFF, CONFIG_REQUESTS_SAMPLED, CONFIG_REQUESTS_FULL };
enum config_log_format { CONFIG_LOG_TSV, CONFIG_LOG_JSON };

/* Lists own their items; all have this shape. */
struct config_cores {
    uint32_t *items; /* each once, in the order written */
    uint32_t count;
};

struct config_dimension {
    char *symbol; /* owned */
    uint64_t size;
};

struct config_dimensions {
    struct config_dimension *items;
    uint32_t count;
};

struct server_section {
    char *name; /* texts are owned and never NULL */
    struct config_addresses listen;
    uint64_t port;
    bool allow_public;
    bool validate_address;
    uint64_t drain_timeout_ns;
    char *control; /* "auto": where control_path.h says; "": none */
};

struct dataplane_section {
    enum config_port port;
    char *device; /* "": none */
    uint64_t queues;
    struct config_cores cores; /* none, or one a queue */
    enum config_idle idle;
    uint64_t mtu; /* 0: the device's */
    struct config_prefix address_v4, address_v6; /* has_value: given */
    struct config_prefix gateway_v4, gateway_v6;
    uint64_t vlan; /* 0: none */
    enum config_choice huge_pages;
    uint64_t memory_bytes; /* 0: what the port needs */
    char *eal_arguments;
    uint64_t receive_buffers, send_buffers, descriptors;
    bool verify_checksums, offload;
    uint64_t nap_ns;
    enum config_io io_uring;
    uint64_t socket_buffer_bytes;
};

struct memory_section {
    uint64_t request_slab_bytes, response_slab_bytes;
    uint64_t max_tensor_bytes;
    uint64_t slots;
    enum config_pages pages;
};

struct workers_section {
    uint64_t count, threads;
    uint64_t spares; /* more of them, warm, without work */
    struct config_cores cores; /* none, or count * threads of them */
    enum config_idle idle;
    char *user; /* "": jointd's own */
    uint64_t hang_timeout_ns;
    uint64_t restart_delay_ns, restart_delay_max_ns;
};

struct dispatch_section {
    enum config_mode mode;
    uint64_t max_batch;
    uint64_t max_delay_ns;
    uint64_t max_run_ns; /* 0: to the end, whoever comes */
    uint64_t max_queued;
};

struct load_section {
    uint64_t valid_ns, min_poll_ns;
    double switch_gain;
    uint64_t target_delay_ns; /* 0: by what requests take and when they are due */
};

struct api_section {
    struct config_addresses listen; /* none: no API */
    uint64_t port;
    char *token_file; /* "": nothing can be changed over HTTP */
    char *tls_certificate, *tls_key; /* both or none: HTTPS, and no HTTP */
    char *model_root; /* "": only models of the configuration can be loaded */
    struct config_addresses poll_exempt; /* their polls of the load are not counted */
    uint64_t request_slab_bytes; /* 0: half of memory.request_slab */
    uint64_t max_json_bytes;
    uint64_t max_connections;
    uint64_t request_timeout_ns;
};

struct log_section {
    enum config_requests requests;
    uint64_t sample; /* one of so many */
    enum config_log_format format;
    char *file; /* "": none */
};

struct limits_section {
    uint64_t max_clients, max_requests, max_requests_per_client;
    uint64_t max_receiving, max_waiting, max_ranges, max_sent;
    uint64_t cookie_lifetime_ns, client_idle_ns, stall_ns, longest_ns, give_up_ns, once_ns;
    uint64_t retry_after_ns;
};

struct class_section {
    char *name;
    uint64_t deadline_ns;
    uint64_t weight;
    uint64_t max_queued;
    uint64_t ceiling_ns; /* 0: none */
};

struct model_section {
    char *name;
    char *path;
    uint64_t version;
    uint64_t max_batch; /* 0: dispatch.max_batch */
    uint64_t max_cut_tensors;
    struct config_dimensions dimensions;
};

struct jointd_config {
    struct server_section server;
    struct dataplane_section dataplane;
    struct memory_section memory;
    struct workers_section workers;
    struct dispatch_section dispatch;
    struct load_section load;
    struct api_section api;
    struct log_section log;
    struct limits_section limits;
    struct class_section *classes; /* owned; in the order of the file; "default" if it names none */
    uint32_t class_count;
    struct model_section *models; /* owned; in the order of the file; may be none */
    uint32_t model_count;
};

/* Every option's default; no class and no model. 0 or -ENOMEM. */
int jointd_config_init(struct jointd_config *config);
void jointd_config_fini(struct jointd_config *config); /* accepts NULL and a zeroed one */

/* The class that stands for those of a file without any. 0 or -ENOMEM. */
int jointd_config_add_class(struct jointd_config *config);

/* NULL: there is none of that name. */
const struct model_section *jointd_config_find_model(const struct jointd_config *config,
                                                     const char *name);

/* Memory for tensors that come over HTTP, in whole pages; 0: there is no HTTP. */
uint64_t jointd_config_api_slab_bytes(const struct jointd_config *config);

/* With port = auto: DPDK where a device is named, the kernel's sockets otherwise. */
bool jointd_config_uses_dpdk(const struct jointd_config *config);

#endif
