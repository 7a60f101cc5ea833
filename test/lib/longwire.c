/*
 * longwire.c -delay MS [-rate BYTES] [-queue MS] [-loss PERCENT] A B - a long
 * wire between two network namespaces, those of the processes A and B: a TUN
 * interface "long" in each, and every packet that goes into one comes out of the
 * other MS later. BYTES a second fit through at most (0: any number), of what
 * waits for longer than the queue allows (100 ms) the newest is lost, and so is
 * PERCENT of all, by a fixed series of random numbers. Says "ready" on stdout
 * once both interfaces are there; their addresses are the caller's business.
 *
 * It stands on its own, not on lib/, so as not to share its mistakes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MTU	1500
#define SLOTS	16384		/* packets under way in one direction */
#define SECOND	1000000000LL

struct packet {
	int64_t	due;		/* ns, monotonic */
	size_t	len;
	char	data[MTU];
};

struct way {
	int		 from, to;
	int64_t		 free_at;	/* when the last byte of the last packet has left */
	size_t		 head, n;
	struct packet	*slot;
};

struct wire {
	int64_t		delay, queue;	/* ns */
	long long	rate;		/* bytes a second; 0 any */
	unsigned	loss;		/* percent */
	uint64_t	random;
};

static void
die(const char *what)
{
	fprintf(stderr, "longwire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static int
tun_in(const char *pid)
{
	struct ifreq	r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char		path[64];
	int		ns, fd;

	snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
	if ((ns = open(path, O_RDONLY | O_CLOEXEC)) == -1 || setns(ns, CLONE_NEWNET) == -1)
		die(path);
	close(ns);
	snprintf(r.ifr_name, sizeof r.ifr_name, "long");
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || ioctl(fd, TUNSETIFF, &r) == -1)
		die("/dev/net/tun");
	return fd;
}

static bool
is_lost(struct wire *w)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->random >> 33) % 100 < w->loss;
}

/* Takes in what is there. */
static void
take(struct wire *w, struct way *y)
{
	char		 data[MTU];
	struct packet	*p;
	ssize_t		 len;
	int64_t		 t;

	while ((len = read(y->from, data, sizeof data)) > 0) {
		t = now();
		if (y->free_at < t)
			y->free_at = t;
		if (is_lost(w) || y->n == SLOTS || y->free_at - t > w->queue)
			continue;
		if (w->rate > 0)
			y->free_at += len * SECOND / w->rate;
		p = &y->slot[(y->head + y->n++) % SLOTS];
		p->due = y->free_at + w->delay;
		p->len = (size_t)len;
		memcpy(p->data, data, p->len);
	}
}

/* Lets out what is due; what the other end does not take is lost, as on any
 * wire. Returns when the next is due, or "in a second". */
static int64_t
give(struct way *y)
{
	int64_t		 t = now();
	struct packet	*p;

	for (; y->n > 0; y->head = (y->head + 1) % SLOTS, y->n--) {
		p = &y->slot[y->head];
		if (p->due > t)
			return p->due;
		if (write(y->to, p->data, p->len) == -1 && errno != EAGAIN &&
		    errno != ENOBUFS && errno != EIO)
			die("write");
	}
	return t + SECOND;
}

static void
run(struct wire *w, struct way *y)
{
	struct pollfd	p[2] = { { .fd = y[0].from, .events = POLLIN },
	    { .fd = y[1].from, .events = POLLIN } };
	struct timespec	wait;
	int64_t		next, other;

	for (;;) {
		next = give(&y[0]);
		other = give(&y[1]);
		next = (next < other ? next : other) - now();
		if (next < 0)
			next = 0;
		wait = (struct timespec){ next / SECOND, next % SECOND };
		if (ppoll(p, 2, &wait, NULL) == -1 && errno != EINTR)
			die("ppoll");
		take(w, &y[0]);
		take(w, &y[1]);
	}
}

int
main(int argc, char **argv)
{
	struct wire	w = { .queue = SECOND / 10, .random = 1 };
	struct way	y[2];
	int		i, a, b;

	for (i = 1; i + 3 < argc; i += 2) {
		if (strcmp(argv[i], "-delay") == 0)
			w.delay = strtoll(argv[i + 1], NULL, 10) * (SECOND / 1000);
		else if (strcmp(argv[i], "-queue") == 0)
			w.queue = strtoll(argv[i + 1], NULL, 10) * (SECOND / 1000);
		else if (strcmp(argv[i], "-rate") == 0)
			w.rate = strtoll(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "-loss") == 0)
			w.loss = (unsigned)strtoul(argv[i + 1], NULL, 10);
		else
			break;
	}
	if (i + 2 != argc) {
		fprintf(stderr, "usage: longwire -delay MS [-rate BYTES] [-queue MS] "
		    "[-loss PERCENT] PID PID\n");
		return 2;
	}
	a = tun_in(argv[i]);
	b = tun_in(argv[i + 1]);
	y[0] = (struct way){ .from = a, .to = b, .slot = calloc(SLOTS, sizeof *y[0].slot) };
	y[1] = (struct way){ .from = b, .to = a, .slot = calloc(SLOTS, sizeof *y[1].slot) };
	if (y[0].slot == NULL || y[1].slot == NULL)
		die("memory");
	if (puts("ready") == EOF || fflush(stdout) == EOF)
		die("stdout");
	run(&w, y);
}
