/* Colours and sizes that the pictures share. The hues are those of Okabe and Ito, told apart by
 * every kind of colour vision; two are darkened until white text on them has a contrast above 4.5.
 */
#ifndef SCHEDULER_CLI_PICTURE_PALETTE_H
#define SCHEDULER_CLI_PICTURE_PALETTE_H

#define PALETTE_MOBILE "#0068A8"
#define PALETTE_UP "#E69F00"
#define PALETTE_CLOUD "#00735C"
#define PALETTE_DOWN "#56B4E9"
#define PALETTE_BOUND "#C2410C"
#define PALETTE_TEXT "#1A1A1A"
#define PALETTE_QUIET_TEXT "#555555"
#define PALETTE_RULE "#BDBDBD"
#define PALETTE_GRID "#E4E4E4"
#define PALETTE_OTHER "#A6A6A6" /* what the plan is compared with */
#define PALETTE_NO_PLAN "#DADADA"
#define PALETTE_WAIT "#F1F1F1"

#define PICTURE_WIDTH 960.0
#define PICTURE_MARGIN 24.0

#endif
