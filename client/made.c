/* made.c - joins a helper and a body. */
#include "client/made.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "http/pump.h"
#include "io/helper.h"

#define STALL_MS (5 * 60 * 1000)

struct made {
	struct helper	*helper;
	struct pump	*words, *product;
	struct body	*body;		/* the writer's end; NULL: ended */
	bool		 drained;	/* all of the product is in body */
	bool		 ended;		/* the helper, with success */
	bool		 failed;
	struct err	 why;
};

/* Whose reader has gone is no failure of the packing: that reader has a reason of
 * its own, a server's refusal maybe. */
static void
made_fail(struct made *m)
{
	struct body	*b = m->body;

	m->failed = !body_closed(b);
	m->body = NULL;
	body_fail(b, &m->why);
}

/* The product is whole when all of it has come and the helper says so. */
static void
made_try_end(struct made *m)
{
	struct body	*b = m->body;

	if (b == NULL || !m->drained || !m->ended)
		return;
	m->body = NULL;
	body_end(b, NULL);
}

/* A helper that takes no more words has a reason, which on_end tells. */
static void
on_words(const struct err *why, void *arg)
{
	(void)why;
	(void)arg;
}

static void
on_product(const struct err *why, void *arg)
{
	struct made	*m = arg;

	if (why == NULL) {
		m->drained = true;
		made_try_end(m);
	} else if (m->body != NULL) {
		m->why = *why;
		made_fail(m);
	}
}

static void
on_end(struct helper *h, int status, const char *text, void *arg)
{
	struct made	*m = arg;

	(void)h;
	if (status == HELPER_OK) {
		m->ended = true;
		made_try_end(m);
	} else if (m->body != NULL) {
		pump_free(m->product);
		m->product = NULL;
		err_set(&m->why, "%s", *text != '\0' ? text : "packing failed");
		made_fail(m);
	}
}

struct made *
made_start(struct loop *loop, const char *const *argv, struct evbuffer *words,
    struct body **body, struct err *e)
{
	struct helper_spec	 hs = { .argv = argv, .ms = STALL_MS,
	    .input = true, .output = true, .wide = true };
	struct made		*m = xcalloc(1, sizeof *m);

	m->helper = helper_start(loop, &hs, on_end, m, e);
	if (m->helper == NULL) {
		free(m);
		return NULL;
	}
	m->body = *body = body_new(loop, -1);
	m->words = pump_to_stream(body_of(loop, words), helper_in(m->helper),
	    on_words, m);
	m->product = pump_from_stream(helper_out(m->helper), m->body,
	    on_product, m);
	return m;
}

const struct err *
made_error(const struct made *m)
{
	return m->failed ? &m->why : NULL;
}

uint64_t
made_bytes(const struct made *m)
{
	return stream_bytes_in(helper_out(m->helper));
}

void
made_free(struct made *m)
{
	if (m == NULL)
		return;
	pump_free(m->words);
	pump_free(m->product);
	if (m->body != NULL) {
		err_set(&m->why, "packing was given up");
		made_fail(m);
	}
	helper_free(m->helper);
	free(m);
}

