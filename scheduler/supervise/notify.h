/* Tells systemd how the service stands, as sd_notify(3) would. */
#ifndef SCHEDULER_SUPERVISE_NOTIFY_H
#define SCHEDULER_SUPERVISE_NOTIFY_H

/* One message, such as "READY=1\nSTATUS=serves", to the socket at path, which systemd names in
 * NOTIFY_SOCKET ("@..." is an abstract one). Never waits. 0, also where path is NULL or "": nobody
 * asked; or -errno. */
int notify_say(const char *path, const char *text);

#endif
