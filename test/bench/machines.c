/*
 * machines.c - thousands of reverse machines in one process: each registers,
 * keeps its session and dials again as a buildlet does, for it is the
 * buildlet's own reverse.c, with a key and a TLS context of its own. Behind it
 * stands as much of the buildlet API as a machine needs to become idle.
 *
 *	machines -type T -ca FILE -keys FILE HOST:PORT...
 *
 * FILE has a line "NAME KEY" for each machine (test/lib/machinekeys.c). Each
 * takes the next address in turn: a few of this machine's (127.0.0.1, .2, ...)
 * where one has not enough ports. Prints "ready" when all have read what they
 * need and are about to dial, all at once. Runs until it is ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/reverse.h"
#include "http/route.h"
#include "io/loop.h"

#define KEYS_FILE_MAX	(4 * 1024 * 1024)
#define FORM_MAX	65536

struct fleet {
	struct loop	*loop;
	char		*type, *ca, *keys_file;
	struct strs	 lines;		/* "NAME KEY" */
	struct strs	 addresses;
	struct machine	*machines;
};

struct machine {
	struct buildlet		 b;
	struct settings		 set;
	struct http_server	*http;
	struct reverse		*reverse;
};

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "machines: %s: %s\n", what, why);
	exit(1);
}

/* --- the buildlet API, as much of it as becoming idle needs --------------------- */

static void
on_status(struct http_req *r, void *arg)
{
	struct machine	*m = arg;
	struct str	 s = STR_INIT;

	str_addf(&s, "{\"Version\":%d,\"Features\":[\"" API_F_EXECS "\",\"" API_F_LEASE
	    "\"],\"Boot\":\"b\",\"ExecSeq\":1", API_BUILDLET_VERSION);
	if (m->b.lease != NULL)
		str_addf(&s, ",\"Lease\":\"%s\"", m->b.lease);
	str_add(&s, "}");
	reply_data(r, 200, "application/json; charset=utf-8", str_text(&s), s.len);
	str_release(&s);
}

static void
on_lease(struct http_req *r, void *arg)
{
	struct machine	*m = arg;
	const char	*id = req_param(r, "id");

	free(m->b.lease);
	m->b.lease = id == NULL || id[0] == '\0' ? NULL : xstrdup(id);
	reply_text(r, 200, "OK");
}

static void
on_execs(struct http_req *r, void *arg)
{
	(void)arg;
	reply_text(r, 200, "{\"Seq\":1,\"Running\":0,\"Execs\":[]}");
}

static const struct route table[] = {
	{ "GET", "/status", 0, on_status },
	{ "POST", "/lease", ROUTE_FORM, on_lease },
	{ "GET", "/execs", 0, on_execs },
	{ NULL, NULL, 0, NULL },
};

static void
on_request(struct http_req *r, void *arg)
{
	route_dispatch(table, r, NULL, FORM_MAX, arg);
}

/* --- machines ------------------------------------------------------------------- */

static void
on_stop(struct buildlet *b, const char *why, bool halt)
{
	(void)halt;
	die(b->set->name, why);
}

static void
machine_start(struct fleet *f, struct machine *m, char *line, char *address)
{
	char		*key = strchr(line, ' ');
	struct err	 e = ERR_INIT;

	if (key == NULL)
		die(f->keys_file, "a line is not \"NAME KEY\"");
	*key++ = '\0';
	settings_init(&m->set);
	m->set.reverse_type = f->type;
	m->set.ca = f->ca;
	m->set.coordinator = address;
	m->set.name = line;
	m->set.key = key;
	m->b.loop = f->loop;
	m->b.set = &m->set;
	m->b.stop = on_stop;
	m->http = http_server_new(f->loop, NULL, on_request, m);
	m->reverse = reverse_start(&m->b, m->http, &e);
	if (m->reverse == NULL)
		die(line, e.msg);
}

/* --- the whole ------------------------------------------------------------------ */

static void
parse(struct fleet *f, int argc, char **argv)
{
	const struct opt	table_of[] = {
		{ "ca", OPT_STRING, &f->ca, "FILE", "certificate authority" },
		{ "keys", OPT_STRING, &f->keys_file, "FILE", "names and keys" },
		{ "type", OPT_STRING, &f->type, "T", "host type" },
		{ .name = NULL },
	};
	struct err		e = ERR_INIT;
	int			used = opt_parse(table_of, argc, argv, &e);
	char			*text;

	if (used < 0 || used >= argc || f->type == NULL || f->ca == NULL ||
	    f->keys_file == NULL)
		die("usage", e.msg);
	for (; used < argc; used++)
		strs_add(&f->addresses, argv[used]);
	text = file_read(f->keys_file, KEYS_FILE_MAX, NULL, &e);
	if (text == NULL)
		die("start", e.msg);
	strs_split(&f->lines, text, '\n', true);
	free(text);
	f->machines = xcalloc(f->lines.n + 1, sizeof *f->machines);
}

int
main(int argc, char **argv)
{
	struct fleet	f = { .type = NULL };
	struct err	e = ERR_INIT;
	size_t		i;

	log_init("machines", LOG_ERROR);
	parse(&f, argc, argv);
	f.loop = loop_new(&e);
	if (f.loop == NULL)
		die("start", e.msg);
	for (i = 0; i < f.lines.n; i++)
		machine_start(&f, &f.machines[i], f.lines.v[i],
		    f.addresses.v[i % f.addresses.n]);
	printf("ready\n");
	fflush(stdout);
	loop_run(f.loop);
	return 0;
}
