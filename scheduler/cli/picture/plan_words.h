/* A plan in words: the names of its steps, and the sentences of its picture. */
#ifndef SCHEDULER_CLI_PICTURE_PLAN_WORDS_H
#define SCHEDULER_CLI_PICTURE_PLAN_WORDS_H

#include "scheduler/cli/picture/plan_picture.h"
#include "scheduler/cli/picture/text.h"
#include "scheduler/cli/picture/stretches.h"

/* "conv1 – pool2"; of training steps "fc8 – conv3 backward" or "conv4 – fc8 and back to conv5".
 * Each name gets max_name code points. */
void plan_words_add_steps(struct text *text, const struct plan_picture *picture, uint32_t first,
                          uint32_t last, size_t max_name);

/* "8 layers", "1 step". */
void plan_words_add_count(struct text *text, const struct plan_picture *picture, uint32_t count);

/* What a stretch does: "runs conv1 – pool2 (6 layers)", "sends 43.3 kB". */
void plan_words_add_deed(struct text *text, const struct plan_picture *picture,
                         const struct stretch *stretch, size_t max_name);

/* What the plan does, and what for, in one sentence. */
void plan_words_add_headline(struct text *text, const struct plan_picture *picture,
                             const struct stretches *stretches);

/* What it is made for: the model; the link and the server; the bounds. */
void plan_words_add_model(struct text *text, const struct plan_picture *picture);
void plan_words_add_conditions(struct text *text, const struct plan_picture *picture);
void plan_words_add_goal(struct text *text, const struct plan_picture *picture);

#endif
