/*
 * bottom.h - for those who make a new kind of stream (tcp, tls, pair, and the
 * mux stream in revdial). Users of streams include stream.h only.
 *
 * A bottom embeds `struct stream` as its first member and gives an ops table.
 * It calls the stream_bottom_* functions when things happen below; these only
 * note and put the stream on the loop's ready list, callbacks run from there.
 */
#ifndef IO_BOTTOM_H
#define IO_BOTTOM_H

#include <event2/buffer.h>

#include "base/queue.h"
#include "io/loop.h"
#include "io/stream.h"

struct stream_ops {
	const char *name;			/* "tcp", "tls", "mux", "pair" */
	/* From below into in, until blocked, a budget is spent, or in is at its mark. */
	void (*fill)(struct stream *);
	/* From out to below; then the EOF if one is pending (shut_wanted). */
	void (*flush)(struct stream *);
	/* in shrank: re-arm reading, or return credit. */
	void (*consumed)(struct stream *);
	/* Release descriptor, SSL, stream id now. The memory goes by `destroy`. */
	void (*close)(struct stream *);
	void (*destroy)(struct stream *);	/* free the whole bottom; last call */
};

/* Public to bottoms only. */
struct stream {
	const struct stream_ops	*ops;
	struct loop		*loop;
	const struct stream_cb	*cb;
	void			*cb_arg;
	struct evbuffer		*in;
	struct evbuffer		*out;
	char			*peer;
	struct err		*err;		/* set once, when dead */
	uint64_t		 bytes_in, bytes_out;
	int64_t			 read_ms, write_ms;	/* deadlines; 0 none */
	int64_t			 last_in, last_out;	/* clock_mono */
	size_t			 in_high;
	bool			 opened;	/* connected and handshaken */
	bool			 closed;	/* by the user */
	bool			 shut_wanted;	/* half-close once out is empty */
	bool			 shut_done;
	bool			 eof;		/* from the peer */
	bool			 above;		/* out went above the low mark */
	unsigned		 pending;	/* which callbacks wait (io/stream.c) */
	bool			 ready;		/* on the loop's ready list */
	TAILQ_ENTRY(stream)	 ready_entry;
	TAILQ_ENTRY(stream)	 timed_entry;	/* in the loop's wheel of deadlines */
	bool			 timed;
	unsigned char		 slot;		/* of the wheel, if timed */
	bool			 was_full;	/* in had no room: its user was slow */
	/* Taken from out, but not yet given to the system (ciphertext). The
	 * bottom keeps it; call stream_bottom_wrote(s, 0) when it shrank. */
	size_t			 below;
	bool			 writing;	/* out + below was not empty: drained is owed */
	bool			 truncated;	/* the end came without the TLS goodbye */
	bool			 one_way;	/* can never be read from */
	bool			 running;	/* its callbacks are being called */
	/* The rest is stream.c's and net.c's. */
	int64_t			 open_by, soft_by;	/* clock_mono; 0 none */
	int64_t			 open_ms;
	bool			 soft;
	char			*doing;		/* before open: "dial 127.0.0.1:80" */
	void			(*settled)(void *);
	void			*settled_arg;
};

void stream_init(struct stream *, struct loop *, const struct stream_ops *,
    const char *peer);
/* What a bottom tells. */
void stream_bottom_open(struct stream *);
void stream_bottom_readable(struct stream *, size_t added);	/* bytes were added to in */
void stream_bottom_wrote(struct stream *, size_t taken);	/* bytes left out */
void stream_bottom_eof(struct stream *);
void stream_bottom_shut(struct stream *);	/* our half-close is done */
/* The first one counts. The bottom makes no more calls of its own after it;
 * `close` comes with the user's stream_close. Until open the text is preceded
 * by what was being done ("dial HOST:PORT: "); later it names the peer itself. */
void stream_bottom_error(struct stream *, enum stream_err, const char *fmt, ...)
    PRINTF(3, 4);
/* May `fill` put more into in? */
size_t stream_room(const struct stream *);

#endif
