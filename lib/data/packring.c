/* packring.c - see packring.h. */
#include "data/packring.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define THREADS_MAX	8
#define AHEAD		2	/* pieces more than threads: filled, written */
#define PIECES_MAX	(THREADS_MAX + AHEAD)

struct piece {
	enum { FREE, FULL, TAKEN, PACKED } state;	/* under the lock */
	int		 level;
	size_t		 len, packed;
	unsigned char	*in, *out;	/* spec.piece, .room; NULL until they are used */
};

struct worker {
	struct packring	*ring;
	pthread_t	 thread;
	void		*state;		/* of the packer; NULL until there is one */
	bool		 ok;		/* it was begun */
};

struct packring {
	struct packring_spec	 spec;
	int			 level;
	struct piece		 v[PIECES_MAX];
	size_t			 n;		/* of them in use */
	size_t			 fill, drain;	/* the caller's places in the ring */
	size_t			 taken;		/* bytes of input, until it started */
	bool			 any;		/* a piece was written */
	/* The first packs for the caller, as long as there are no threads. */
	struct worker		 worker[THREADS_MAX];
	size_t			 nthreads;
	bool			 started;	/* or tried to */
	/* Of all threads, under the lock. */
	pthread_mutex_t		 lock;
	pthread_cond_t		 work, done;
	size_t			 take;		/* the next piece that is to be packed */
	bool			 over;
};

static void
worker_begin(struct worker *w)
{
	const struct packer	*packer = w->ring->spec.packer;

	w->state = xcalloc(1, packer->state);
	w->ok = packer->init(w->state, w->ring->spec.level);
}

/* One that could not begin gives pieces of length 0, which is an error. */
static void
worker_pack(struct worker *w, struct piece *x)
{
	const struct packring_spec	*s = &w->ring->spec;

	x->packed = w->ok ? s->packer->run(w->state, x->level, x->in, x->len,
	    x->out, s->room) : 0;
}

struct packring *
packring_new(const struct packring_spec *spec, struct err *e)
{
	struct packring	*g = xcalloc(1, sizeof *g);
	size_t		 i;

	g->spec = *spec;
	g->level = spec->level;
	g->n = 1;
	for (i = 0; i < THREADS_MAX; i++)
		g->worker[i].ring = g;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->work, NULL);
	pthread_cond_init(&g->done, NULL);
	worker_begin(&g->worker[0]);
	if (g->worker[0].ok)
		return g;
	packring_free(g);
	err_code(e, EINVAL, "pack with %s: level %d", spec->packer->name,
	    spec->level);
	return NULL;
}

/* --- the threads ---------------------------------------------------------------- */

/* The next full piece; NULL once there will be no more. */
static struct piece *
take_piece(struct packring *g)
{
	struct piece	*x = NULL;

	pthread_mutex_lock(&g->lock);
	while (!g->over && g->v[g->take].state != FULL)
		pthread_cond_wait(&g->work, &g->lock);
	if (!g->over) {
		x = &g->v[g->take];
		x->state = TAKEN;
		g->take = (g->take + 1) % g->n;
	}
	pthread_mutex_unlock(&g->lock);
	return x;
}

static void
give_piece(struct packring *g, struct piece *x)
{
	pthread_mutex_lock(&g->lock);
	x->state = PACKED;
	pthread_cond_signal(&g->done);
	pthread_mutex_unlock(&g->lock);
}

static void *
thread_run(void *arg)
{
	struct worker	*w = arg;
	struct piece	*x;

	if (w->state == NULL)
		worker_begin(w);
	while ((x = take_piece(w->ring)) != NULL) {
		worker_pack(w, x);
		give_piece(w->ring, x);
	}
	return NULL;
}

static size_t
threads_wanted(const struct packring *g)
{
	long	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t	most = g->spec.threads < THREADS_MAX ? g->spec.threads : THREADS_MAX;

	if (cpus < 2)
		return 0;
	return (size_t)cpus < most ? (size_t)cpus : most;
}

/* Signals stay the caller's. Where no thread can be had it goes on without. */
static void
start_threads(struct packring *g)
{
	size_t		want = threads_wanted(g);
	sigset_t	all, before;

	g->started = true;
	g->n = want > 0 ? want + AHEAD : 1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (g->nthreads < want &&
	    pthread_create(&g->worker[g->nthreads].thread, NULL, thread_run,
	    &g->worker[g->nthreads]) == 0)
		g->nthreads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (g->nthreads == 0)
		g->n = 1;
}

/* --- the caller --------------------------------------------------------------------- */

/* Writes the piece that is next, if it is packed; waiting for that. 1: it was
 * written; 0: there is none. */
static int
drain_one(struct packring *g, bool wait, struct err *e)
{
	struct piece	*x = &g->v[g->drain];
	bool		 packed;

	pthread_mutex_lock(&g->lock);
	while (wait && (x->state == FULL || x->state == TAKEN))
		pthread_cond_wait(&g->done, &g->lock);
	packed = x->state == PACKED;
	if (packed)
		x->state = FREE;	/* nobody but us makes it full again */
	pthread_mutex_unlock(&g->lock);
	if (!packed)
		return 0;
	g->drain = (g->drain + 1) % g->n;
	g->any = true;
	x->len = 0;
	if (x->packed == 0)
		return err_code(e, ENOMEM, "pack with %s: out of memory",
		    g->spec.packer->name);
	if (g->spec.write(g->spec.arg, x->out, x->packed) == -1)
		return err_errno(e, "write the archive");
	return 1;
}

/* The piece that is being filled is ready. */
static int
submit(struct packring *g, struct err *e)
{
	struct piece	*x = &g->v[g->fill];
	int		 r;

	if (x->out == NULL)
		x->out = xmalloc(g->spec.room);
	x->level = g->level;
	if (g->nthreads == 0)
		worker_pack(&g->worker[0], x);
	pthread_mutex_lock(&g->lock);
	x->state = g->nthreads == 0 ? PACKED : FULL;
	pthread_cond_signal(&g->work);
	pthread_mutex_unlock(&g->lock);
	g->fill = (g->fill + 1) % g->n;
	while ((r = drain_one(g, g->fill == g->drain, e)) == 1)
		continue;
	return r;
}

/* Where the ring is only now more than one piece, the caller is at its first. */
static int
submit_full(struct packring *g, struct err *e)
{
	if (!g->started && g->taken >= g->spec.after)
		start_threads(g);
	if (!g->started)
		g->taken += g->spec.piece;
	return submit(g, e);
}

/* The piece that is being filled. */
static struct piece *
filling(struct packring *g)
{
	struct piece	*x = &g->v[g->fill];

	if (x->in == NULL)
		x->in = xmalloc(g->spec.piece);
	return x;
}

int
packring_add(struct packring *g, const void *p, size_t len, struct err *e)
{
	const unsigned char	*from = p;
	struct piece		*x;
	size_t			 n;

	for (; len > 0; from += n, len -= n) {
		x = filling(g);
		n = g->spec.piece - x->len;
		if (n > len)
			n = len;
		memcpy(x->in + x->len, from, n);
		x->len += n;
		if (x->len == g->spec.piece && submit_full(g, e) == -1)
			return -1;
	}
	return 0;
}

int
packring_finish(struct packring *g, struct err *e)
{
	struct piece	*x = filling(g);
	int		 r = 0;

	if ((x->len > 0 || (!g->any && g->fill == g->drain)) &&
	    submit(g, e) == -1)
		return -1;
	while ((r = drain_one(g, true, e)) == 1)
		continue;
	return r;
}

size_t
packring_level(struct packring *g, int level)
{
	g->level = level;
	return (g->fill + g->n - g->drain) % g->n;
}

void
packring_free(struct packring *g)
{
	size_t	i;

	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->over = true;
	pthread_cond_broadcast(&g->work);
	pthread_mutex_unlock(&g->lock);
	for (i = 0; i < g->nthreads; i++)
		pthread_join(g->worker[i].thread, NULL);
	for (i = 0; i < THREADS_MAX; i++) {
		if (g->worker[i].state != NULL)
			g->spec.packer->release(g->worker[i].state);
		free(g->worker[i].state);
	}
	for (i = 0; i < PIECES_MAX; i++) {
		free(g->v[i].in);
		free(g->v[i].out);
	}
	pthread_cond_destroy(&g->work);
	pthread_cond_destroy(&g->done);
	pthread_mutex_destroy(&g->lock);
	free(g);
}
