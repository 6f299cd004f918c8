/* Every option of jointd: name, type, range, default, and what it is for. */
#include "scheduler/config/option.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define US ((uint64_t)1000)
#define MS (1000 * US)
#define SECOND (1000 * MS)
#define AT(section, field) .offset = offsetof(struct section##_section, field)
#define LIVE .is_live = true

static const struct config_option server_options[] = {
    {"name", CONFIG_TEXT, AT(server, name), .min = 1, .max = CONFIG_NAME_BYTES - 1,
     .fallback = "joint", .help = "what the server calls itself in what it tells of its load"},
    {"listen", CONFIG_ADDRESSES, AT(server, listen), .min = 1, .max = CONFIG_MAX_ADDRESSES,
     .fallback = "::",
     .help = "IP addresses to listen on, with commas between; :: is all, IPv4 and IPv6"},
    {"port", CONFIG_COUNT, AT(server, port), .min = 1, .max = 65535, .fallback = "4470",
     .help = "UDP port"},
    {"allow_public", CONFIG_SWITCH, AT(server, allow_public), .fallback = "no",
     .help = "listen also where the Internet may come in: plain JTP is not encrypted"},
    {"validate_address", CONFIG_SWITCH, AT(server, validate_address), .fallback = "yes",
     .help = "clients prove their address first; no is for generators that keep no state, in a "
             "laboratory"},
    {"drain_timeout", CONFIG_TIME, LIVE, AT(server, drain_timeout_ns), .max = 3600 * SECOND,
     .fallback = "10s", .help = "how long requests may take to finish once it is told to end"},
    {"control", CONFIG_TEXT, AT(server, control), .max = CONFIG_CONTROL_BYTES - 1,
     .fallback = "auto",
     .help = "UNIX socket for joint top and scripts; auto: /run/joint/NAME.sock for root, for "
             "others below $XDG_RUNTIME_DIR or /tmp; empty: none"},
};

static const struct config_option dataplane_options[] = {
    {"port", CONFIG_WORD, AT(dataplane, port), .words = "auto|dpdk|uring", .fallback = "auto",
     .help = "where datagrams come from; auto: dpdk if a device is named, the kernel (uring) if "
             "not"},
    {"device", CONFIG_TEXT, AT(dataplane, device), .max = CONFIG_DEVICE_BYTES - 1, .fallback = "",
     .help = "of dpdk: a PCI address, or a virtual one such as net_af_packet0,iface=eth1"},
    {"queues", CONFIG_COUNT, AT(dataplane, queues), .min = 1, .max = CONFIG_MAX_QUEUES,
     .fallback = "1", .help = "receive queues, each with a thread of its own"},
    {"cores", CONFIG_CORES, AT(dataplane, cores), .max = CONFIG_MAX_QUEUES, .fallback = "",
     .help = "one core a queue, such as 2-5,8; empty: wherever the kernel puts them"},
    {"idle", CONFIG_WORD, AT(dataplane, idle), .words = "adaptive|busy", .fallback = "adaptive",
     .help = "busy: poll all the time; adaptive: poll, then sleep"},
    {"mtu", CONFIG_COUNT, AT(dataplane, mtu), .min = 1280, .max = 65535, .zero = "auto",
     .fallback = "auto", .help = "bytes of the largest IP packet; auto: what the device has"},
    {"address_v4", CONFIG_PREFIX, AT(dataplane, address_v4), .family = CONFIG_FAMILY_V4,
     .fallback = "", .help = "of dpdk: its IPv4 address, such as 192.0.2.1/24"},
    {"address_v6", CONFIG_PREFIX, AT(dataplane, address_v6), .family = CONFIG_FAMILY_V6,
     .fallback = "", .help = "of dpdk: its IPv6 address, such as 2001:db8::1/64"},
    {"gateway_v4", CONFIG_ADDRESS, AT(dataplane, gateway_v4), .family = CONFIG_FAMILY_V4,
     .fallback = "", .help = "of dpdk: where IPv4 packets for other networks go"},
    {"gateway_v6", CONFIG_ADDRESS, AT(dataplane, gateway_v6), .family = CONFIG_FAMILY_V6,
     .fallback = "", .help = "of dpdk: where IPv6 packets for other networks go"},
    {"vlan", CONFIG_COUNT, AT(dataplane, vlan), .min = 1, .max = 4094, .zero = "none",
     .fallback = "none", .help = "of dpdk: the tag of every frame"},
    {"huge_pages", CONFIG_WORD, AT(dataplane, huge_pages), .words = "auto|yes|no",
     .fallback = "auto", .help = "of dpdk: for packet buffers; auto: if enough are free"},
    {"memory", CONFIG_BYTES, AT(dataplane, memory_bytes), .min = MIB, .max = 1024 * GIB,
     .zero = "auto", .fallback = "auto", .help = "of dpdk: for packet buffers; auto: as needed"},
    {"eal_arguments", CONFIG_TEXT, AT(dataplane, eal_arguments), .max = CONFIG_EAL_BYTES - 1,
     .fallback = "",
     .help = "of dpdk: more arguments of its environment layer, with spaces between"},
    {"receive_buffers", CONFIG_COUNT, AT(dataplane, receive_buffers), .min = 64, .max = 1048576,
     .fallback = "4096", .help = "of dpdk: packet buffers per queue for what comes in"},
    {"send_buffers", CONFIG_COUNT, AT(dataplane, send_buffers), .min = 64, .max = 1048576,
     .fallback = "4096", .help = "of dpdk: packet buffers per queue for what goes out"},
    {"descriptors", CONFIG_COUNT, AT(dataplane, descriptors), .min = 64, .max = 32768,
     .fallback = "1024", .help = "of dpdk: of each of the device's queues, each way"},
    {"verify_checksums", CONFIG_SWITCH, AT(dataplane, verify_checksums), .fallback = "yes",
     .help = "of dpdk: no where peers on this machine leave them to a NIC that is not there"},
    {"offload", CONFIG_SWITCH, AT(dataplane, offload), .fallback = "yes",
     .help = "of dpdk: checksums by the device where it can"},
    {"nap", CONFIG_TIME, AT(dataplane, nap_ns), .max = 10 * MS, .fallback = "50us",
     .help = "of dpdk with idle = adaptive: the longest sleep between two polls"},
    {"io_uring", CONFIG_WORD, AT(dataplane, io_uring), .words = "auto|ring|plain",
     .fallback = "auto", .help = "of uring: auto: plain system calls where io_uring is refused"},
    {"socket_buffer", CONFIG_BYTES, AT(dataplane, socket_buffer_bytes), .min = 4 * KIB, .max = GIB,
     .fallback = "8MiB", .help = "of uring: of each socket, each way"},
};

static const struct config_option memory_options[] = {
    {"request_slab", CONFIG_BYTES, AT(memory, request_slab_bytes), .min = MIB, .max = 1024 * GIB,
     .fallback = "256MiB", .help = "memory for tensors that come in"},
    {"response_slab", CONFIG_BYTES, AT(memory, response_slab_bytes), .min = MIB, .max = 1024 * GIB,
     .fallback = "256MiB", .help = "memory for tensors that go out"},
    {"max_tensor", CONFIG_BYTES, AT(memory, max_tensor_bytes), .min = 4 * KIB, .max = 4 * GIB - MIB,
     .fallback = "16MiB",
     .help = "the largest message either way; a slab holds at least four, for each queue"},
    {"slots", CONFIG_COUNT, AT(memory, slots), .min = 16, .max = 1048576, .fallback = "4096",
     .help = "messages at once in each slab, at most"},
    {"pages", CONFIG_WORD, AT(memory, pages), .words = "any|small|huge", .fallback = "any",
     .help = "of the slabs; any: huge ones if enough are free; huge: or it does not start"},
};

static const struct config_option workers_options[] = {
    {"count", CONFIG_COUNT, AT(workers, count), .min = 1, .max = 1024, .fallback = "1",
     .help = "processes that compute"},
    {"threads", CONFIG_COUNT, AT(workers, threads), .min = 1, .max = 1024, .fallback = "1",
     .help = "of each worker, for one batch"},
    {"spares", CONFIG_COUNT, AT(workers, spares), .max = 64, .fallback = "1",
     .help = "more processes, warm and without work, of which one takes over when a worker dies"},
    {"cores", CONFIG_CORES, AT(workers, cores), .max = 65536, .fallback = "",
     .help = "count x threads of them, such as 2-5,8; empty: wherever the kernel puts them"},
    {"idle", CONFIG_WORD, AT(workers, idle), .words = "adaptive|busy", .fallback = "adaptive",
     .help = "busy: poll all the time; adaptive: poll, then sleep"},
    {"user", CONFIG_TEXT, AT(workers, user), .max = 63, .fallback = "",
     .help = "the user that workers run as; empty: as jointd"},
    {"hang_timeout", CONFIG_TIME, LIVE, AT(workers, hang_timeout_ns), .min = MS,
     .max = 3600 * SECOND, .fallback = "1s",
     .help = "a process without a heartbeat for so long is ended and started again"},
    {"restart_delay", CONFIG_TIME, LIVE, AT(workers, restart_delay_ns), .max = 3600 * SECOND,
     .fallback = "10ms", .help = "before a process that died is started again, doubled each time"},
    {"restart_delay_max", CONFIG_TIME, LIVE, AT(workers, restart_delay_max_ns),
     .max = 3600 * SECOND, .fallback = "10s", .help = "where the doubling ends"},
};

static const struct config_option dispatch_options[] = {
    {"mode", CONFIG_WORD, AT(dispatch, mode), .words = "none|per-cut|join", .fallback = "join",
     .help = "none: no batches; per-cut: of the same layers; join: of one model, wherever they "
             "enter and leave"},
    {"max_batch", CONFIG_COUNT, AT(dispatch, max_batch), .min = 1, .max = CONFIG_MAX_BATCH,
     .fallback = "8", .help = "rows that run together, at most"},
    {"max_delay", CONFIG_TIME, LIVE, AT(dispatch, max_delay_ns), .max = SECOND, .fallback = "2ms",
     .help = "how long a request may wait for others to run with"},
    {"max_run", CONFIG_TIME, AT(dispatch, max_run_ns), .max = 60 * SECOND, .fallback = "2ms",
     .help = "a worker looks so often for requests that could join what it runs"},
    {"max_queued", CONFIG_COUNT, AT(dispatch, max_queued), .min = 1, .max = 1048576,
     .fallback = "1024", .help = "requests that wait, of all classes; more are rejected"},
};

static const struct config_option load_options[] = {
    {"valid", CONFIG_TIME, LIVE, AT(load, valid_ns), .min = MS, .max = 60 * SECOND,
     .fallback = "500ms", .help = "how long clients may go by a report of the load"},
    {"min_poll", CONFIG_TIME, LIVE, AT(load, min_poll_ns), .max = 60 * SECOND, .fallback = "50ms",
     .help = "how often clients may ask for one; over HTTP who asks more often gets 429; 0: no "
             "limit"},
    {"switch_gain", CONFIG_NUMBER, LIVE, AT(load, switch_gain), .max = 1, .fallback = "0.15",
     .help = "scales the probability that a client changes its split, so that few do at once"},
    {"target_delay", CONFIG_TIME, LIVE, AT(load, target_delay_ns), .min = US, .max = 60 * SECOND,
     .zero = "auto", .fallback = "auto",
     .help = "what may wait before clients may have fewer requests open; auto: half of the usual "
             "time until a deadline, and at least two dispatches"},
};

static const struct config_option api_options[] = {
    {"listen", CONFIG_ADDRESSES, AT(api, listen), .max = 8, .fallback = "127.0.0.1, ::1",
     .help = "IP addresses for HTTP, with commas between; empty: no HTTP"},
    {"port", CONFIG_COUNT, AT(api, port), .min = 1, .max = 65535, .fallback = "4471",
     .help = "TCP port"},
    {"poll_exempt", CONFIG_ADDRESSES, AT(api, poll_exempt), .max = 8, .fallback = "",
     .help = "IP addresses that load.min_poll is not for, with commas between: proxies and "
             "balancers, which ask for many"},
    {"request_slab", CONFIG_BYTES, AT(api, request_slab_bytes), .min = MIB, .max = 1024 * GIB,
     .zero = "auto", .fallback = "auto",
     .help = "memory for tensors that come over HTTP; the largest may take a sixteenth; auto: half "
             "of memory.request_slab"},
    {"max_json", CONFIG_BYTES, AT(api, max_json_bytes), .min = 4 * KIB, .max = GIB,
     .fallback = "8MiB",
     .help = "the longest text of JSON that a request may bring; binary tensors do not count"},
    {"max_connections", CONFIG_COUNT, AT(api, max_connections), .min = 1, .max = 65535,
     .fallback = "512", .help = "on all addresses; more wait in the kernel"},
    {"request_timeout", CONFIG_TIME, AT(api, request_timeout_ns), .min = 100 * MS,
     .max = 3600 * SECOND, .fallback = "30s",
     .help = "a connection that ends no request for so long is closed"},
    {"tls_certificate", CONFIG_TEXT, AT(api, tls_certificate), .max = 4095, .fallback = "",
     .help = "PEM file with a certificate and its chain: HTTPS, and no plain HTTP; read anew with "
             "SIGHUP"},
    {"tls_key", CONFIG_TEXT, AT(api, tls_key), .max = 4095, .fallback = "",
     .help = "PEM file with its key; only jointd needs to be able to read it"},
    {"token_file", CONFIG_TEXT, LIVE, AT(api, token_file), .max = 4095, .fallback = "",
     .help = "file with one line, the secret that requests to load and unload models must bring "
             "(Authorization: Bearer ...); others must not be able to read it; empty: nothing can "
             "be changed over HTTP"},
    {"model_root", CONFIG_TEXT, LIVE, AT(api, model_root), .max = CONFIG_PATH_BYTES - 1,
     .fallback = "",
     .help = "folder whose ONNX files may be loaded over HTTP, by their path inside of it; empty: "
             "only models of this configuration"},
};

static const struct config_option log_options[] = {
    {"requests", CONFIG_WORD, LIVE, AT(log, requests), .words = "off|sampled|full",
     .fallback = "off", .help = "a line for each request that ends; sampled: for some of them"},
    {"sample", CONFIG_COUNT, LIVE, AT(log, sample), .min = 1, .max = 1000000000, .fallback = "100",
     .help = "sampled: one request of so many, by chance"},
    {"format", CONFIG_WORD, LIVE, AT(log, format), .words = "tsv|json", .fallback = "tsv",
     .help = "tsv: columns with tabs between, their names first; json: an object a line"},
    {"file", CONFIG_TEXT, LIVE, AT(log, file), .max = CONFIG_PATH_BYTES - 1, .fallback = "",
     .help = "where the lines go; SIGHUP opens it again, for whoever moves it away"},
};

static const struct config_option limits_options[] = {
    {"max_clients", CONFIG_COUNT, AT(limits, max_clients), .min = 1, .max = 16777216,
     .fallback = "16384", .help = "known at once; those idle longest are forgotten first"},
    {"max_requests", CONFIG_COUNT, AT(limits, max_requests), .min = 1, .max = 16777216,
     .fallback = "16384", .help = "open, or remembered so that they are not run twice"},
    {"max_requests_per_client", CONFIG_COUNT, AT(limits, max_requests_per_client), .min = 1,
     .max = 65535, .fallback = "16", .help = "open at once"},
    {"max_receiving", CONFIG_COUNT, AT(limits, max_receiving), .min = 1, .max = 16777216,
     .fallback = "2048", .help = "messages that arrive or leave at once"},
    {"max_waiting", CONFIG_COUNT, AT(limits, max_waiting), .min = 1, .max = 16777216,
     .fallback = "1024", .help = "requests that wait for memory"},
    {"max_ranges", CONFIG_COUNT, AT(limits, max_ranges), .min = 4, .max = 4096, .fallback = "64",
     .help = "pieces of a message with gaps between"},
    {"max_sent", CONFIG_COUNT, AT(limits, max_sent), .min = 64, .max = 16777216,
     .fallback = "65536", .help = "packets in flight, of all clients"},
    {"cookie_lifetime", CONFIG_TIME, AT(limits, cookie_lifetime_ns), .min = SECOND,
     .max = 86400 * SECOND, .fallback = "600s", .help = "how long a proof of address holds"},
    {"client_idle", CONFIG_TIME, AT(limits, client_idle_ns), .min = SECOND, .max = 86400 * SECOND,
     .fallback = "60s", .help = "a silent client is forgotten after"},
    {"stall", CONFIG_TIME, AT(limits, stall_ns), .min = MS, .max = 3600 * SECOND, .fallback = "2s",
     .help = "a request that stops arriving is ended after"},
    {"longest", CONFIG_TIME, AT(limits, longest_ns), .min = MS, .max = 3600 * SECOND,
     .fallback = "10s", .help = "to receive a request that has no deadline"},
    {"give_up", CONFIG_TIME, AT(limits, give_up_ns), .min = MS, .max = 3600 * SECOND,
     .fallback = "10s", .help = "an answer that nobody acknowledges is dropped after"},
    {"once", CONFIG_TIME, AT(limits, once_ns), .min = MS, .max = 3600 * SECOND, .fallback = "1s",
     .help = "an answer that nobody has to acknowledge is kept for"},
    {"retry_after", CONFIG_TIME, AT(limits, retry_after_ns), .min = US, .max = 60 * SECOND,
     .fallback = "20ms", .help = "when a rejected client may ask again"},
};

static const struct config_option class_options[] = {
    {"deadline", CONFIG_TIME, AT(class, deadline_ns), .min = US, .max = 3600 * SECOND,
     .fallback = "50ms", .help = "of requests that bring none"},
    {"weight", CONFIG_COUNT, LIVE, AT(class, weight), .min = 1, .max = 1000, .fallback = "1",
     .help = "its share of the workers beside the other classes when there is too much to do"},
    {"max_queued", CONFIG_COUNT, LIVE, AT(class, max_queued), .min = 1, .max = 1048576,
     .fallback = "1024", .help = "its requests that wait; more are rejected"},
    {"ceiling", CONFIG_TIME, LIVE, AT(class, ceiling_ns), .min = US, .max = 3600 * SECOND,
     .zero = "none", .fallback = "none",
     .help = "computing time of its requests that may wait, for each worker; more are rejected"},
};

static const struct config_option model_options[] = {
    {"path", CONFIG_TEXT, LIVE, AT(model, path), .is_required = true, .min = 1,
     .max = CONFIG_PATH_BYTES - 1, .fallback = "", .help = "the ONNX file"},
    {"version", CONFIG_COUNT, LIVE, AT(model, version), .min = 1, .max = 4294967295,
     .fallback = "1", .help = "as the HTTP API names it"},
    {"max_batch", CONFIG_COUNT, LIVE, AT(model, max_batch), .min = 1, .max = CONFIG_MAX_BATCH,
     .zero = "auto", .fallback = "auto", .help = "rows at once; auto: dispatch.max_batch"},
    {"max_cut_tensors", CONFIG_COUNT, LIVE, AT(model, max_cut_tensors), .min = 1, .max = 64,
     .fallback = "1", .help = "a cut may hand over so many tensors"},
    {"dimensions", CONFIG_DIMENSIONS, LIVE, AT(model, dimensions), .max = CONFIG_MAX_DIMENSIONS,
     .fallback = "", .help = "sizes that the file leaves open, such as sequence=128, x:2=224"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ONE(section, text)                                                                         \
    {                                                                                              \
        .name = #section, .help = text, .offset = offsetof(struct jointd_config, section),         \
        .bytes = sizeof(struct section##_section), .options = section##_options,                   \
        .option_count = COUNT_OF(section##_options)                                                \
    }
#define MANY(section, array, most, text)                                                           \
    {                                                                                              \
        .name = #section, .help = text, .is_repeated = true, .max_count = most,                    \
        .offset = offsetof(struct jointd_config, array),                                           \
        .count_offset = offsetof(struct jointd_config, section##_count),                           \
        .bytes = sizeof(struct section##_section), .options = section##_options,                   \
        .option_count = COUNT_OF(section##_options)                                                \
    }

const struct config_section config_sections[] = {
    ONE(server, "what clients speak to"),
    ONE(dataplane, "datagrams in and out"),
    ONE(memory, "tensors on their way in and out"),
    ONE(workers, "the processes that compute"),
    ONE(dispatch, "which requests run together"),
    ONE(load, "what clients are told of the load"),
    ONE(api, "HTTP: load, health, inference"),
    ONE(log, "what is written down of requests"),
    ONE(limits, "of the transport JTP"),
    MANY(class, classes, CONFIG_MAX_CLASSES,
         "a class of requests, numbered from 0 in the order of the file; without any there is one, "
         "called default"),
    MANY(model, models, CONFIG_MAX_MODELS,
         "a network to serve, under the name that clients ask for"),
};
const uint32_t config_section_count = COUNT_OF(config_sections);
