/*
 * api_reverse.c - machines that dial in (PROTOCOL 2): GET /reverse registers
 * one and turns its connection around, GET /revdial delivers a connection that
 * a version 2 machine was asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "coordinator/face.h"
#include "coordinator/routes.h"

struct joining {		/* until its 101 has left */
	struct face		*face;
	struct auth_machine	 who;
	struct machine_join	 join;	/* strings are the three below, and who's */
	char			*host_type, *hostname, *peer;
};

static void
joining_free(struct joining *j)
{
	free(j->who.new_key);
	free(j->host_type);
	free(j->hostname);
	free(j->peer);
	free(j);
}

static void
on_turned(struct stream *s, void *arg)
{
	struct joining	*j = arg;
	struct err	 e = ERR_INIT;

	if (s == NULL)
		log_warn("machine %s: gone before it was registered", j->who.name);
	else if (machine_register(j->face->core, &j->join, s, &e) == -1)
		log_warn("machine %s: not registered: %s", j->who.name, e.msg);
	joining_free(j);
}

/* The first of the versions in the list that we know; NULL. */
static const char *
choose(const char *list)
{
	struct strs	 words = STRS_INIT;
	const char	*found = NULL, *w;
	size_t		 i;

	strs_split(&words, list, ',', true);
	for (i = 0; i < words.n && found == NULL; i++) {
		w = words.v[i] + strspn(words.v[i], " \t");
		words.v[i][strcspn(words.v[i], " \t") + (size_t)(w - words.v[i])] = '\0';
		if (str_eq(w, API_REVDIAL_YAMUX))
			found = API_REVDIAL_YAMUX;
		else if (str_eq(w, API_REVDIAL_V2))
			found = API_REVDIAL_V2;
	}
	strs_release(&words);
	return found;
}

static int
status_of(const struct err *e)
{
	switch (e->code) {
	case AUTH_BAD:
		return 400;
	case AUTH_FAILED:
		return 503;
	default:
		return 412;
	}
}

/* What a registration must have; false: it has been answered. */
static bool
complete(struct http_req *r, const char **version)
{
	static const char *const wanted[] = { API_H_HOST_TYPE, API_H_KEY, API_H_REVDIAL };
	const char	*list = req_header(r, API_H_REVDIAL);
	size_t		 i;

	if (!req_secure(r)) {
		reply_error(r, 400, "registration needs TLS");
		return false;
	}
	for (i = 0; i < nitems(wanted); i++) {
		if (req_header(r, wanted[i]) == NULL || req_header(r, wanted[i])[0] == '\0') {
			reply_error(r, 400, "missing header %s", wanted[i]);
			return false;
		}
	}
	*version = choose(list);
	if (*version == NULL)
		reply_error(r, 400, "unknown revdial version \"%.40s\": there are %s and %s",
		    list, API_REVDIAL_YAMUX, API_REVDIAL_V2);
	return *version != NULL;
}

static int
version_of(struct http_req *r)
{
	const char	*s = req_header(r, API_H_VERSION);
	int64_t		 n;

	return s != NULL && str_int64(s, 0, 1000000, &n) == 0 ? (int)n : 0;
}

static void
turn_around(struct http_req *r, struct joining *j, const char *version)
{
	j->join = (struct machine_join){ .name = j->who.name, .host_type = j->host_type,
	    .hostname = j->hostname, .peer = j->peer, .version = version_of(r),
	    .yamux = str_eq(version, API_REVDIAL_YAMUX) };
	/* A stock machine asks for 2 alone and gets as bare a head as it knows. */
	if (!str_eq(req_header(r, API_H_REVDIAL), API_REVDIAL_V2))
		reply_header(r, API_H_REVDIAL, version);
	if (j->who.new_key != NULL)
		reply_header(r, API_H_MACHINE_KEY, j->who.new_key);
	reply_upgrade(r, 101, on_turned, j);
}

void
api_reverse(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct joining	*j;
	const char	*version, *hostname = req_header(r, API_H_HOSTNAME);
	struct err	 e = ERR_INIT;

	if (!complete(r, &version))
		return;
	j = xcalloc(1, sizeof *j);
	j->face = f;
	j->host_type = xstrdup(req_header(r, API_H_HOST_TYPE));
	j->hostname = xstrdup(hostname == NULL ? "" : hostname);
	j->peer = xstrdup(req_peer(r));
	if (auth_machine(f->core, j->host_type, req_header(r, API_H_KEY), hostname,
	    &j->who, &e) == -1) {
		log_warn("%s: registration refused: %s", j->peer, e.msg);
		reply_error(r, status_of(&e), "%s", e.msg);
		joining_free(j);
		return;
	}
	turn_around(r, j, version);
}

static void
on_picked_up(struct stream *s, void *arg)
{
	revdial_pickup_deliver(arg, s);
}

void
api_revdial(struct http_req *r, void *arg)
{
	struct face		*f = arg;
	const char		*secret = form_get(req_query(r), "revdial.dialer");
	struct revdial_pickup	*pickup;

	pickup = secret == NULL ? NULL : revdial_pickups_claim(f->core->pickups, secret);
	if (pickup == NULL) {
		reply_error(r, 400, "revdial.dialer: unknown, used or out of date");
		return;
	}
	reply_upgrade(r, 101, on_picked_up, pickup);
}
