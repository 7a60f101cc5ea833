/*
 * sink.h - stdout or stderr, written without waiting and without changing what
 * others who have it see of it: a pipe or terminal is opened once more for us
 * alone. Where that cannot be, a write waits for its reader.
 */
#ifndef CLIENT_SINK_H
#define CLIENT_SINK_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct sink {
	int	 fd;		/* to write to and to watch; -1: there is none */
	int	 own;		/* to be closed by us; -1: fd is somebody else's */
	bool	 socket;
	bool	 waits;		/* one can wait for it to be writable */
};

void sink_open(struct sink *, int fd);		/* -1 for none */
void sink_close(struct sink *);
/* As writev(2); -1 and EAGAIN: not now. */
ssize_t sink_write(const struct sink *, const struct iovec *, int n);

#endif
