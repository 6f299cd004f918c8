/* `joint profile`: measures layers and blocks, and writes what they cost as a profile. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/profile_report.h"
#include "scheduler/profile/model_profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SECONDS 86400
#define MAX_WATTS 100000
#define BACKWARD_FACTOR 2.0

enum element {
    ELEMENT_F32,
    ELEMENT_F16,
    ELEMENT_U8,
};

struct profile_options {
    struct session_options session;
    struct profile_sides_options sides;
    struct measure_config measure;
    const char *output, *blocks, *powercap, *name;
    uint32_t element; /* enum element */
    double confidence_percent;
    bool is_backward;
};

static const char about[] =
    "Measures on this machine what each layer of MODEL.onnx takes, alone and in fused blocks of\n"
    "consecutive layers, and writes a profile for 'joint plan'. Runs of all layers and blocks "
    "take\n"
    "turns until the median of each is known well enough or the time is spent.";

static const char notes[] =
    "Layers are timed inside whole runs; a block is a run of its own, with what enters and leaves\n"
    "it, so blocks do not add up. By default all blocks between legal cuts are measured, or as\n"
    "many as fit the time: those that start or end the network, then the shorter ones.\n"
    "A time counts as known when its interval is within --confidence of it at 95 %, or within a\n"
    "thousandth of the whole run.\n\n"
    "--device and --cloud-device carry the times over by a roofline model: an estimate, good for "
    "a\n"
    "factor of two. Energy: --power-w, else the device's power, else RAPL where it may be read, "
    "else\n"
    "an assumption of 4 W; the output says which. Backward passes are not measured: 0 unless\n"
    "--estimate-backward is given.\n\n"
    "examples:\n"
    "  joint profile alexnet.onnx -o alexnet.json\n"
    "  joint profile vgg16.onnx -o tx2.json --device jetson-tx2 --cloud-device tesla-k40c\n"
    "  joint profile m.onnx -o m.json --cloud-from measured-on-the-server.json";

static void describe_measuring(struct profile_options *options, struct command_line *line)
{
    command_line_add(line, (struct option){"output", "PROFILE.json", "where to write; replaced",
                                           OPTION_TEXT, &options->output, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"batch", "N", "rows to run at once (default 1)", OPTION_COUNT,
                                     &options->measure.batch, 1, SESSION_MAX_BATCH, NULL});
    command_line_add(line,
                     (struct option){"blocks", "WHICH",
                                     "fitting (default): between legal cuts, as fits the time;\n"
                                     "all: every one; none; N: every one of up to N layers",
                                     OPTION_TEXT, &options->blocks, 0, 0, NULL});
    command_line_add(line, (struct option){"seconds", "S",
                                           "measure for S seconds at most, but each block once\n"
                                           "(default 30)",
                                           OPTION_SECONDS, &options->measure.seconds, 0,
                                           MAX_SECONDS, NULL});
    command_line_add(line,
                     (struct option){"confidence", "PERCENT",
                                     "how near the medians must be known (default 5)",
                                     OPTION_SECONDS, &options->confidence_percent, 0, 100, NULL});
    command_line_add(line, (struct option){"element", "f32|f16|u8",
                                           "how floats are sent (default u8: one byte each)",
                                           OPTION_CHOICE, &options->element, 0, 0, NULL});
    command_line_add(line, (struct option){"estimate-backward", NULL,
                                           "training: a backward pass takes twice the forward one",
                                           OPTION_FLAG, &options->is_backward, 0, 0, NULL});
    command_line_add(line, (struct option){"name", "NAME",
                                           "of the model (default: the file's, without .onnx)",
                                           OPTION_TEXT, &options->name, 0, 0, NULL});
}

static void describe_sides(struct profile_options *options, struct command_line *line)
{
    command_line_add(line, (struct option){"device", "DEVICE",
                                           "the mobile side: a name such as jetson-tx2, or a file\n"
                                           "(default: this machine)",
                                           OPTION_TEXT, &options->sides.device, 0, 0, NULL});
    command_line_add(line, (struct option){"cloud-device", "DEVICE", "the same for the cloud side",
                                           OPTION_TEXT, &options->sides.cloud_device, 0, 0, NULL});
    command_line_add(line, (struct option){"cloud-from", "PROFILE.json",
                                           "the cloud's times from a profile of the same model,\n"
                                           "measured on the server",
                                           OPTION_TEXT, &options->sides.cloud_from, 0, 0, NULL});
    command_line_add(line, (struct option){"power-w", "WATTS", "power of the mobile side at work",
                                           OPTION_SECONDS, &options->sides.power_watts, 0,
                                           MAX_WATTS, NULL});
    command_line_add(line, (struct option){"powercap", "FOLDER",
                                           "the energy counters (default " ENERGY_POWERCAP ")",
                                           OPTION_TEXT, &options->powercap, 0, 0, NULL});
}

static void describe(struct profile_options *options, struct command_line *line)
{
    *line = (struct command_line){.command = "profile",
                                  .usage = "MODEL.onnx -o PROFILE.json [options]",
                                  .about = about,
                                  .notes = notes,
                                  .operand_name = "MODEL.onnx",
                                  .operand = &options->session.path};
    describe_measuring(options, line);
    describe_sides(options, line);
    session_add_engine_options(&options->session, line);
    command_line_add(line, (struct option){"input", "NAME=X.npy",
                                           "an input whose values or open dimensions decide shapes",
                                           OPTION_LIST, &options->session.inputs, 0, 0, NULL});
    session_add_model_options(&options->session, line);
}

static int parse_blocks(struct profile_options *options)
{
    struct measure_config *config = &options->measure;
    uint64_t length = 0;
    if (strcmp(options->blocks, "all") == 0)
        config->mode = BLOCKS_ALL;
    else if (strcmp(options->blocks, "none") == 0 ||
             text_to_count(options->blocks, 1, UINT32_MAX, &length))
        config->mode = BLOCKS_UP_TO;
    else if (strcmp(options->blocks, "fitting") != 0)
        return command_fail("profile", COMMAND_MISUSED,
                            "--blocks %s: expected fitting, all, none or a number of layers",
                            options->blocks);
    config->block_length = (uint32_t)length;
    return COMMAND_DONE;
}

/* Bytes of an element as it is sent. */
static uint32_t element_bytes(const struct profile_options *options)
{
    static const uint32_t bytes[] = {[ELEMENT_F32] = 4, [ELEMENT_F16] = 2, [ELEMENT_U8] = 1};
    return bytes[options->element];
}

static int check_options(struct profile_options *options)
{
    if (!options->output)
        return command_fail("profile", COMMAND_MISUSED,
                            "-o PROFILE.json is missing; 'joint profile --help' shows the usage");
    options->measure.share = options->confidence_percent / 100;
    /* Every boundary is to be a cut; which of them are legal is for measuring to say. */
    options->measure.max_cut_tensors = options->session.max_cut_tensors;
    options->session.max_cut_tensors = UINT32_MAX;
    return parse_blocks(options);
}

/* "alexnet" of "models/alexnet.onnx"; owned by the caller, NULL when out of memory. */
static char *model_name(const struct profile_options *options)
{
    if (options->name)
        return strdup(options->name);
    const char *slash = strrchr(options->session.path, '/');
    const char *start = slash ? slash + 1 : options->session.path;
    size_t length = strlen(start);
    if (length > 5 && strcmp(start + length - 5, ".onnx") == 0)
        length -= 5;
    return strndup(start, length);
}

static void print_fingerprint(const struct engine_model *model, char text[33])
{
    uint8_t fingerprint[16];
    engine_model_fingerprint(model, fingerprint);
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", fingerprint[i]);
}

/* A profile in the making. */
struct making {
    const struct profile_options *options;
    struct session *session;
    struct profile_sides sides;
    struct model_profile model_profile;
    struct measurement measurement;
    struct profile_about about;
    uint32_t *cut_layers;
    struct profile_layer_about *layers;
    char *name;
};

static int list_cuts(struct making *making)
{
    const struct measurement *measurement = &making->measurement;
    making->cut_layers = calloc((size_t)measurement->layer_count + 1, sizeof(*making->cut_layers));
    if (!making->cut_layers)
        return command_fail("profile", COMMAND_FAILED, "out of memory");
    for (uint32_t k = 0; k <= measurement->layer_count; k++)
        if (measurement->is_legal[k])
            making->cut_layers[making->about.cut_count++] = k;
    making->about.cut_layers = making->cut_layers;
    return COMMAND_DONE;
}

static int describe_layers(struct making *making)
{
    const uint32_t count = making->model_profile.profile.layer_count;
    making->layers = calloc((size_t)count + 1, sizeof(*making->layers));
    if (!making->layers)
        return command_fail("profile", COMMAND_FAILED, "out of memory");
    for (uint32_t i = 0; i < count; i++) {
        const struct engine_layer *layer = engine_model_layer(making->session->model, i);
        making->layers[i] = (struct profile_layer_about){
            .type = layer->type, .flops = layer->flops * making->options->measure.batch};
    }
    making->about.layers = making->layers;
    return COMMAND_DONE;
}

static int run_measurement(struct making *making)
{
    struct session *session = making->session;
    struct measure_config config = making->options->measure;
    struct energy_meter meter;
    struct engine_error error = {0};
    int no_meter = energy_meter_open(&meter, making->options->powercap);
    config.meter = no_meter ? NULL : &meter;
    config.progress = progress_show;
    config.progress_arg = &session->progress;
    int err = measure(&making->measurement, session->model, session->context, &config, &error);
    if (!no_meter)
        energy_meter_close(&meter);
    progress_clear(&session->progress);
    if (err)
        return session_fail(session, &error);
    profile_sides_power(&making->sides, &making->options->sides, making->measurement.watts,
                        no_meter == -EACCES ? "its counters may not be read"
                        : no_meter          ? "this machine has no counters"
                                            : "its counters stand still");
    return COMMAND_DONE;
}

static int write_profile(struct making *making)
{
    struct file_error error;
    making->about.element_bytes = element_bytes(making->options);
    making->about.device = profile_sides_mobile(&making->sides);
    making->about.cloud_device = profile_sides_cloud(&making->sides);
    making->about.energy_source = making->sides.energy_source;
    making->about.backward = making->options->is_backward ? "estimated" : "none";
    struct split_error wrong;
    if (split_profile_check(&making->model_profile.profile, &wrong))
        return command_fail("profile", COMMAND_FAILED, "%s: %s %s; this network cannot be profiled",
                            making->options->session.path, wrong.field, wrong.reason);
    if (profile_file_write(making->options->output, &making->model_profile.profile, &making->about,
                           &error))
        return command_fail("profile", COMMAND_FAILED, "%s", error.text);
    return COMMAND_DONE;
}

static int report(const struct making *making)
{
    const struct profile_report told = {
        .session = making->session,
        .path = making->options->output,
        .measurement = &making->measurement,
        .config = &making->options->measure,
        .profile = &making->model_profile.profile,
        .about = &making->about,
        .sides = &making->sides,
        .backward = making->options->is_backward
                        ? "estimated: a backward pass takes twice the forward one"
                        : "not measured: backward passes stand as 0"};
    return profile_report_print(&told);
}

static int make(struct making *making)
{
    const struct profile_options *options = making->options;
    struct session *session = making->session;
    int status = profile_sides_init(&making->sides, &options->sides);
    if (!status)
        status = session_open(session, options->measure.batch, options->measure.batch);
    if (status)
        return status;
    making->name = model_name(options);
    int err = making->name
                  ? model_profile_init(&making->model_profile, session->model, making->name,
                                       options->measure.batch, element_bytes(options))
                  : -ENOMEM;
    if (err)
        return command_fail("profile", COMMAND_FAILED, "%s: %s", options->session.path,
                            err == -ENOMEM ? "out of memory" : "has no layers or too many");
    print_fingerprint(session->model, making->about.fingerprint);
    status = profile_sides_check(&making->sides, &options->sides, &making->model_profile.profile,
                                 making->about.fingerprint);
    if (!status)
        status = session_prepare(session);
    if (!status)
        status = run_measurement(making);
    if (!status)
        status = list_cuts(making);
    if (!status)
        status = describe_layers(making);
    if (!status)
        status = profile_sides_fill(&making->sides, &making->model_profile.profile, session->model,
                                    &making->measurement, element_bytes(options),
                                    options->is_backward ? BACKWARD_FACTOR : 0);
    if (!status)
        status = write_profile(making);
    return status ? status : report(making);
}

static void making_fini(struct making *making)
{
    profile_sides_fini(&making->sides);
    model_profile_fini(&making->model_profile);
    measurement_fini(&making->measurement);
    free(making->cut_layers);
    free(making->layers);
    free(making->name);
}

int command_profile(int argc, char **argv)
{
    struct profile_options options = {.session = session_options_default(),
                                      .blocks = "fitting",
                                      .element = ELEMENT_U8,
                                      .powercap = ENERGY_POWERCAP,
                                      .confidence_percent = 5};
    measure_config_default(&options.measure);
    struct command_line line;
    describe(&options, &line);
    int status;
    if (command_line_parse(&line, argc, argv, &status) && !(status = check_options(&options))) {
        struct session session;
        struct making making = {.options = &options, .session = &session};
        status = session_init(&session, "profile", &options.session);
        if (!status)
            status = make(&making);
        making_fini(&making);
        session_fini(&session);
    }
    session_options_fini(&options.session);
    return status;
}
