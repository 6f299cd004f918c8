/* The network that the phones share: an ONNX file, or one of the zoo's, and what its cuts take. */
#ifndef SCHEDULER_LOADTEST_MODEL_H
#define SCHEDULER_LOADTEST_MODEL_H

#include "compute/engine.h"

#define LOADTEST_MODEL_NAME_BYTES 64
#define LOADTEST_ERROR_BYTES 4200 /* an engine_error and some words */

struct loadtest_model {
    struct engine_model *engine; /* opened, not prepared: layers are not computed here */
    char name[LOADTEST_MODEL_NAME_BYTES]; /* as the server calls it */
    uint32_t name_crc; /* as OPEN carries it */
    uint8_t fingerprint[16];
    uint32_t last_cut;
    uint32_t answer_bytes; /* one row of the last cut, as f32 or its own types */
    char *path;
    char *folder; /* made for a zoo's network; NULL: none */
};

/* what: a network of the zoo, which is written to a folder under $TMPDIR first, or a path. name:
 * the server's name for it; NULL: the network's, or the file's without ".onnx". 0, or a negative
 * errno with one line in text (LOADTEST_ERROR_BYTES). */
int loadtest_model_open(struct loadtest_model *model, const char *what, const char *name,
                        char *text);

/* Removes the folder, too. Accepts NULL and a zeroed object. */
void loadtest_model_close(struct loadtest_model *model);

/* Bytes of one row at a cut as a message (PROTOCOL.md, "The message"); 0: there is no such cut or
 * encoding, or it passes 4 GiB. encoding: enum jtp_encoding. */
uint32_t loadtest_model_message_bytes(const struct loadtest_model *model, uint32_t cut,
                                      uint32_t encoding);

/* How many elements one row of a tensor has. */
size_t loadtest_model_elements(const struct engine_tensor *tensor);

#endif
