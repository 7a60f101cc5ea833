/* status.c - who this buildlet is and what it can. */
#include "buildlet/status.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/types.h"
#include "buildlet/buildlet.h"
#include "buildlet/execs.h"
#include "buildlet/platform.h"
#include "buildlet/tcpproxy.h"
#include "io/buf.h"

#define DEBUG_MAX	(1024 * 1024)

void
status_get(struct http_req *r, void *buildlet)
{
	static const char *const	 features[] =
	    { API_F_EXECS, API_F_LEASE, API_F_LSLINK, API_F_ZSTD, TCPPROXY_FEATURE };
	struct buildlet			*b = buildlet;
	struct api_status		 st = { .version = API_BUILDLET_VERSION,
					    .lease = b->lease, .boot = b->boot,
					    .exec_seq = (int64_t)execs_seq(b->execs),
					    .running = (int64_t)execs_running(b->execs) };
	struct json			*j;
	char				*text;
	size_t				 i;

	for (i = 0; i < nitems(features); i++)
		strs_add(&st.features, features[i]);
	if (workdir_state(b->workdir) != NULL) {
		strs_add(&st.features, API_F_PUSH);
		strs_add(&st.features, API_F_SEAL);
	}
	j = api_status_json(&st);
	text = json_text(j, false);
	reply_data(r, 200, "application/json; charset=utf-8", text, strlen(text));
	free(text);
	json_free(j);
	strs_release(&st.features);
}

void
status_root(struct http_req *r, void *buildlet)
{
	(void)buildlet;
	reply_text(r, 200, "buildlet running on " PLATFORM "\n");
}

void
status_healthz(struct http_req *r, void *buildlet)
{
	(void)buildlet;
	reply_text(r, 200, "ok\n");
}

void
status_workdir(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;

	reply_text(r, 200, workdir_path(b->workdir));
}

/* N bytes of X, to find out what a path through networks lets pass. */
void
status_debug(struct http_req *r, void *buildlet)
{
	const char	*text = req_param(r, "n");
	struct buildlet	*b = buildlet;
	struct evbuffer	*bytes;
	char		 block[1024];
	int64_t		 n = 0, at;

	if (text != NULL && str_int64(text, 0, INT32_MAX, &n) == -1) {
		reply_error(r, 400, "invalid 'n' parameter: not a number");
		return;
	}
	if (n > DEBUG_MAX)
		n = DEBUG_MAX;
	memset(block, 'X', sizeof block);
	bytes = buf_new();
	for (at = 0; at < n; at += (int64_t)sizeof block)
		buf_add(bytes, block, n - at < (int64_t)sizeof block ?
		    (size_t)(n - at) : sizeof block);
	reply_header(r, "Content-Type", "text/plain; charset=utf-8");
	reply_body(r, 200, body_of(b->loop, bytes));
	buf_free(bytes);
}
