/* libjoint: runs a neural network partly on this device and partly on an edge server.
 *
 *   joint_config_default(&config);           settings; each field states its default
 *   config.model_path = "alexnet.onnx";
 *   config.servers[0] = "edge.local:4700";   none: everything runs on this device
 *   joint_open(&config, &joint, &error);     reads, packs and times the network
 *   joint_call_default(&call);
 *   call.inputs = ...; call.outputs = ...;
 *   joint_run(joint, &call, &report);        as often as wanted; or joint_submit()
 *   joint_close(joint);
 *
 * The network is cut where `joint cuts MODEL.onnx` says. A call runs the layers before cut `from`
 * here, those up to cut `to` on the server and the rest here. Where the server rejects the request,
 * is late, breaks off or is not there, the device finishes the work itself: a call ends with its
 * outputs, and the report says what happened.
 *
 * Threads: any thread may call joint_run() and joint_submit() at any time between joint_open() and
 * joint_close(). The library has a thread of its own for the network, and config.workers threads
 * for what was submitted.
 *
 * Functions return 0 or a negative errno value. This header needs nothing but the C library's, and
 * may be used from C and C++. */
#ifndef JOINT_H
#define JOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JOINT_MAX_SERVERS 8
#define JOINT_MAX_RANK 8

struct joint;

/* What went wrong, in one line. */
struct joint_error {
    char text[1024];
};

struct joint_config {
    const char *model_path; /* no default: an ONNX file */
    /* HOST:PORT or [IPV6]:PORT; NULL after the last one. The first that is there serves. Names are
     * looked up once, in joint_open(). Default: none. */
    const char *servers[JOINT_MAX_SERVERS];
    const char *model_name; /* the server's; default NULL: the file's name without ".onnx" */
    uint64_t client; /* who this is to the server, for fairness; default 0: a random number */
    uint32_t threads; /* a computation may use; default 1 */
    uint32_t workers; /* threads for submitted calls; default 1 */
    uint32_t max_calls; /* at once, running or waiting to be fetched; default 8, at most 64 */
    uint32_t max_rows; /* of a call; default 1 */
    uint32_t max_cut_tensors; /* a cut that more tensors cross is none; the server's; default 1 */
    const char
        *tuning_path; /* where the choice of kernels is kept; default NULL: beside the file */
    bool is_untuned; /* choose kernels by rules, not by measuring; default false */
    /* What is assumed of link and server before anything was measured. Default: 18.88 and 54.97
     * Mbit/s, the Wi-Fi of the JointDNN paper. */
    double up_mbps, down_mbps;
    /* So many times as fast as this device, or with a profile as that says of the server; default
     * 0: 4 times, with a profile once. */
    double server_speed;
    /* What the layers cost here and on the server, as `joint profile` writes it; JOINT_AUTO plans
     * by it. Default NULL: by what they take in runs here. */
    const char *profile_path;
    /* With profile_path: computing here takes at least as long as the profile says; the rest is
     * waited. To act as a slower device where there is none. Default false. */
    bool is_paced;
};

void joint_config_default(struct joint_config *config);

/* Opens the network, chooses kernels, packs its weights, runs it twice to know its times, looks the
 * servers' names up and asks the servers for their load, without waiting for that. Takes all memory
 * that calls will need. The config may go afterwards. error may be NULL.
 * -ENOENT, -EINVAL, -ENOTSUP: a file (error says why); -EINVAL: a setting or an address;
 * -EHOSTUNREACH: a name that is not known; -ENOMEM, ... */
int joint_open(const struct joint_config *config, struct joint **joint, struct joint_error *error);

/* No call may be running in joint_run(). What was submitted and is not done ends now, with the
 * status -ECANCELED; its callbacks are called before this returns. Accepts NULL. */
void joint_close(struct joint *joint);

/* ---- The network. These are constant, and for any thread. ---- */

struct joint_tensor {
    const char *name; /* the library's, until joint_close() */
    const char *type; /* ONNX's word: "float", "int64", ... */
    uint32_t rank;
    int64_t dims[JOINT_MAX_RANK]; /* of one row: the batch is 1 */
    size_t row_bytes; /* bytes of one row */
    int batch_axis; /* of dims; -1: only one row at a time */
};

/* Cuts are numbered from 0, the network's input, to joint_cut_count() - 1, its output. */
uint32_t joint_cut_count(const struct joint *joint);
const char *joint_cut_name(const struct joint *joint, uint32_t cut); /* NULL: no such cut */
uint32_t joint_tensor_count(const struct joint *joint, uint32_t cut); /* 0: no such cut */
/* -EINVAL: no such cut or tensor. */
int joint_tensor(const struct joint *joint, uint32_t cut, uint32_t index,
                 struct joint_tensor *tensor);

/* ---- Calls ---- */

enum joint_split {
    JOINT_AUTO = 0, /* where the answer is expected soonest */
    JOINT_MOBILE, /* all on this device */
    JOINT_CLOUD, /* all on the server */
    JOINT_CUTS, /* from call.from to call.to on the server */
};

/* How elements cross: f16 and u8 lose precision and save bytes; tensors that are not float cross as
 * they are. */
enum joint_encoding { JOINT_F32 = 0, JOINT_F16 = 1, JOINT_U8 = 2 };

struct joint_call {
    /* One pointer for each tensor of cut 0 and of the last cut: rows of row_bytes each, one after
     * the other, C order, aligned to the element. The caller's; they stay until the call is done.
     * Outputs are written in any case but an error. */
    const void *const *inputs;
    void *const *outputs;
    uint32_t rows; /* 1 to config.max_rows; default 1 */
    enum joint_split split; /* default JOINT_AUTO */
    uint32_t from, to; /* JOINT_CUTS: from < to; to 0: the last cut */
    uint64_t deadline_ns; /* from the call on; default 0: none. A call that misses it still ends
                             with its outputs */
    enum joint_encoding encoding, answer_encoding; /* up and down; default JOINT_F32 */
    uint8_t class_index; /* the server's service class; default 0 */
};

void joint_call_default(struct joint_call *call);

/* Why the server's part ran on the device. */
enum joint_reason {
    JOINT_AS_PLANNED = 0, /* it did not */
    JOINT_REJECTED, /* the server rejected it: report.reject says why */
    JOINT_LATE, /* no answer by the time at which the device had to begin, to be in time */
    JOINT_LOST, /* the server has lost the request, or answered nonsense */
    JOINT_SILENT, /* the server does not acknowledge any more */
    JOINT_REFUSED, /* nobody listens at the server's port */
    JOINT_UNREACHABLE, /* it was so a moment ago, so nothing was sent; or there is no server */
    JOINT_NO_CREDIT, /* as many as the server allows were open, for as long as this takes here */
    JOINT_HELD_OFF, /* the server has asked to be left alone for a time, which is not over */
};

const char *joint_reason_text(enum joint_reason reason); /* "rejected", ... */
const char *joint_reject_text(uint8_t reject); /* "overloaded", ...; JTP's numbers */

/* The server's load, as it said. */
struct joint_load {
    uint32_t predicted_wait_us; /* before a request's computation begins */
    uint32_t utilization_permille;
    uint32_t queued; /* requests */
    uint32_t state; /* 0 ready, 1 degraded, 2 overloaded, 3 draining, 4 loading */
    uint32_t age_us; /* of these numbers, when they were told */
    uint32_t credits; /* requests that this client may have open; 0: not said */
    double switch_gain; /* 0 to 1: how fast clients may change their splits; 0: not said */
};

/* Why a JOINT_AUTO call was split as it was. The best is what the planner finds; a client holds a
 * split until another is better by a tenth and 2 ms, and then follows by chance, so that all
 * clients of a server do not turn at once. */
enum joint_why {
    JOINT_WHY_TOLD = 0, /* the call said where; no JOINT_AUTO */
    JOINT_WHY_BEST, /* it is the best, and held */
    JOINT_WHY_TURNED, /* it is the best; another was held until now */
    JOINT_WHY_SMALL_GAIN, /* held: the best gains too little */
    JOINT_WHY_DWELLS, /* held: it was turned to a moment ago */
    JOINT_WHY_CHANCE, /* held: the best gains enough, but it is not this client's turn */
    JOINT_WHY_EXPIRED, /* held: the load that is known has expired */
    JOINT_WHY_EXPLORES, /* one request to see how it is there, while all runs here */
    JOINT_WHY_FIRST_TRY, /* one request to measure a link that nobody has */
    JOINT_WHY_NO_CREDIT, /* here: the server's credits are used, and waiting takes longer */
    JOINT_WHY_HELD_OFF, /* here: the server asked for patience, or failed a moment ago */
    JOINT_WHY_CLOSED, /* here: the server drains or loads */
    JOINT_WHY_NO_SERVER, /* here: no server is there */
};

const char *joint_why_text(enum joint_why why); /* "best", "small gain", ... */

struct joint_report {
    uint32_t from, to; /* the server's part as planned; equal: none */
    bool is_on_server; /* that part was computed there; false: all was computed here */
    enum joint_reason reason; /* why not, where it was planned */
    uint8_t reject; /* JOINT_REJECTED: the server's reason */
    bool is_late; /* done after the deadline */
    int32_t server; /* index in config.servers; -1: none was asked */
    uint32_t rows;
    uint32_t batch; /* rows that the server computed together */
    uint64_t up_bytes,
        down_bytes; /* of the tensors, as encoded; headers and repetition are extra */
    /* Where the time went. They add up to total_ns, up to what lies between the steps. */
    uint64_t wait_ns; /* here: for a worker or a free context, or for word of the server's load */
    uint64_t before_ns; /* computing here, before the server's part */
    uint64_t uplink_ns, queue_ns, compute_ns, downlink_ns; /* the server's part, if it was there */
    uint64_t vain_ns; /* waiting for a server that did not answer */
    uint64_t after_ns; /* computing here, after the server's part or in its place */
    uint64_t total_ns;
    double planned_ms; /* JOINT_AUTO: what was expected */
    enum joint_why why; /* it was split so */
    bool has_load; /* load is what the server told with its answer or reject */
    struct joint_load load;
};

/* Runs the network on the calling thread, which waits for the server. 0: the outputs are there;
 * -EINVAL: the call contradicts the network; -EAGAIN: config.max_calls are under way; or what the
 * computation on this device said. report may be NULL. */
int joint_run(struct joint *joint, const struct joint_call *call, struct joint_report *report);

/* A submitted call is done. The report is only borrowed. Runs on a thread of the library: it may
 * submit, but must neither wait nor call joint_run() or joint_close(). */
typedef void joint_done(void *user, int status, const struct joint_report *report);

/* Hands a call over; *call may go, its buffers stay until it is done. done NULL: the call is
 * fetched by joint_fetch(). Errors as joint_run(), for what can be seen at once. */
int joint_submit(struct joint *joint, const struct joint_call *call, joint_done *done, void *user);

struct joint_completion {
    void *user; /* as it was submitted */
    int status; /* as joint_run() would return */
    struct joint_report report;
};

/* A descriptor for poll(): readable while there are calls to be fetched. The library's. */
int joint_fd(const struct joint *joint);

/* The next call that is done, of those submitted without a callback, in the order in which they
 * ended. False: none now. */
bool joint_fetch(struct joint *joint, struct joint_completion *completion);

/* ---- What is known of a server ---- */

/* Ages count from now, or from the decision in a joint_explanation; UINT64_MAX: never. */
struct joint_server {
    bool is_heard; /* it has ever answered */
    bool is_away; /* it was gone when last asked; asked again after a while */
    uint64_t rtt_ns; /* 0: not known */
    double up_mbps, down_mbps; /* estimates; the config's until a transfer was large enough */
    uint64_t rtt_age_ns, up_age_ns, down_age_ns; /* since the last measurement */
    double k; /* its computing time as a share of this device's, or of what the profile says of
                 the server; 1 / config.server_speed at first */
    bool has_load;
    struct joint_load load; /* the freshest */
    uint64_t heard_age_ns; /* since the load was heard; load.age_us comes on top */
    bool is_expired; /* the load is too old to act on */
    double expected_wait_ms; /* from the waits that it told, and where they were going */
    uint32_t open; /* requests there; waiting for a credit: */
    uint32_t waiting;
    uint64_t held_off_ns; /* how much longer nothing is sent to it; 0: it may be asked */
};

/* -EINVAL: no such server. */
int joint_server(struct joint *joint, uint32_t index, struct joint_server *server);

/* ---- Why a call was split as it was ---- */

/* What a split takes, or would have taken; the parts add up to total_ms. */
struct joint_candidate {
    uint32_t from, to; /* the server's part; equal: all on this device */
    double device_ms, uplink_ms, round_trip_ms, wait_ms, server_ms, downlink_ms, total_ms;
    double energy_mj; /* the device's computing and radio; 0 where has_energy is false */
};

struct joint_explanation {
    uint64_t number; /* of the decision: the first JOINT_AUTO call's is 1 */
    uint64_t age_ns; /* since it was made */
    enum joint_why why;
    uint32_t rows;
    struct joint_candidate chosen, best, mobile,
        cloud; /* best: the planner's; all here, all there */
    bool has_held;
    struct joint_candidate held; /* what was held when it was made */
    double credit_wait_ms; /* that the chosen one would have waited for a credit; 0: none */
    int32_t server; /* index; -1: none was there, and `known` is empty */
    struct joint_server known; /* of the server, then */
    bool has_energy; /* the profile has; the radio is that of the paper's Wi-Fi */
    uint32_t candidate_count; /* all that there are: each range of cuts, and all on this device */
};

/* Explains the last JOINT_AUTO call that was planned, by what was known then. candidates[capacity]
 * is the caller's: filled with the best ones, the least total_ms first; may be NULL with capacity
 * 0. -ENOENT: there was no such call yet. */
int joint_explain(struct joint *joint, struct joint_explanation *explanation,
                  struct joint_candidate *candidates, uint32_t capacity);

#ifdef __cplusplus
}
#endif

#endif
