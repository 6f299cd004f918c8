/* A complete client: runs a network partly here and partly on an edge server.
 *
 *   cc minimal.c $(pkg-config --cflags --libs joint) -o minimal
 *   ./minimal MODEL.onnx HOST:PORT */
#include <joint.h>

#include <stdio.h>
#include <stdlib.h>

/* One row of a cut's only tensor, zeroed. NULL: it has several, or there is no memory. */
static void *take(const struct joint *joint, uint32_t cut)
{
    struct joint_tensor tensor;
    if (joint_tensor_count(joint, cut) != 1 || joint_tensor(joint, cut, 0, &tensor))
        return NULL;
    return calloc(1, tensor.row_bytes);
}

int main(int argc, char **argv)
{
    struct joint_config config;
    struct joint_error error;
    struct joint *joint;
    if (argc != 3) {
        fprintf(stderr, "usage: minimal MODEL.onnx HOST:PORT\n");
        return 2;
    }
    joint_config_default(&config);
    config.model_path = argv[1];
    config.servers[0] = argv[2];
    if (joint_open(&config, &joint, &error)) {
        fprintf(stderr, "minimal: %s\n", error.text);
        return 1;
    }
    void *x = take(joint, 0), *y = take(joint, joint_cut_count(joint) - 1);
    const void *inputs[] = {x};
    void *outputs[] = {y};
    struct joint_call call;
    struct joint_report report;
    joint_call_default(&call);
    call.inputs = inputs;
    call.outputs = outputs;
    call.split = JOINT_CLOUD; /* JOINT_AUTO lets the library choose */
    call.deadline_ns = 2000000000;
    int rc = x && y ? joint_run(joint, &call, &report) : -1;
    if (rc == 0)
        printf("ran on the %s (%s) in %.1f ms, of which uplink %.1f, queue %.1f, compute %.1f, "
               "downlink %.1f; first output %g\n",
               report.is_on_server ? "server" : "device", joint_reason_text(report.reason),
               (double)report.total_ns / 1e6, (double)report.uplink_ns / 1e6,
               (double)report.queue_ns / 1e6, (double)report.compute_ns / 1e6,
               (double)report.downlink_ns / 1e6, *(float *)y);
    joint_close(joint);
    free(x);
    free(y);
    return rc != 0;
}
