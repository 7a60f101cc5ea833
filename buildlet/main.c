/*
 * main.c - the buildlet: lends its machine out by the buildlet API.
 *
 * The story: settings, the work directory (taken, then emptied), then either a
 * listening socket or a connection to the coordinator; both feed the same HTTP
 * server, whose requests go to routes.c. At the end everything under way is
 * cut and the work directory is emptied again.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/halt.h"
#include "buildlet/idle.h"
#include "buildlet/reverse.h"
#include "buildlet/roles.h"
#include "buildlet/routes.h"
#include "buildlet/settings.h"
#include "buildlet/wipe.h"
#include "http/server.h"
#include "io/net.h"
#include "io/secret.h"
#include "io/tls.h"

#define BOOT_BYTES	16
#define EXIT_USAGE	2

struct program {
	struct buildlet		 b;
	struct settings		 set;
	struct http_server	*server;
	struct listener		*listener;
	struct tls_ctx		*tls;
	struct reverse		*reverse;
	struct idle		*idle;
	int			 status;
	bool			 halting;
};

extern char **environ;

/* Commands need not know where our key is, nor be somebody's client. */
static void
environment_take(struct strs *env)
{
	static const char *const	secrets[] = { "GO_BUILD_KEY_PATH",
		"GO_BUILD_KEY_DELETE_AFTER_READ", "GOMOTE_TOKEN" };
	size_t				i;

	for (i = 0; i < nitems(secrets); i++)
		unsetenv(secrets[i]);
	for (i = 0; environ != NULL && environ[i] != NULL; i++)
		strs_add(env, environ[i]);
}

/* ---- the end ---- */

static void
on_cleaned(struct buildlet *b, const struct err *why, void *arg)
{
	struct program	*p = arg;

	if (why != NULL)
		p->status = EXIT_FAILURE;
	loop_stop(b->loop);
}

static void
program_stop(struct buildlet *b, const char *why, bool machine)
{
	struct program	*p = b->main;

	p->halting |= machine;
	if (b->stopping)
		return;
	b->stopping = true;
	log_info("ending: %s", why);
	listener_free(p->listener);
	p->listener = NULL;
	reverse_stop(p->reverse);
	wipe_start(b, "this buildlet is ending", false, on_cleaned, p);
}

static void
on_signal(void *arg)
{
	struct program	*p = arg;

	if (p->b.stopping)	/* the second one: without cleaning */
		_exit(EXIT_FAILURE);
	program_stop(&p->b, "told by a signal", false);
}

/* ---- the beginning ---- */

static void
on_connection(struct stream *s, void *arg)
{
	struct program	*p = arg;

	http_server_serve(p->server, s);
}

static void
listen_warn(const struct settings *set, const char *address)
{
	if (net_is_loopback(address) ||
	    (set->password != NULL && set->tls_cert != NULL))
		return;
	log_warn("LISTENING ON %s WITHOUT %s: whoever reaches this address can "
	    "%s", address, set->password == NULL ? "A PASSWORD" : "TLS",
	    set->password == NULL ? "run commands on this machine" :
	    "read the password");
}

static int
port_tell(const struct program *p, struct err *e)
{
	char	text[16];

	if (p->set.port_file == NULL)
		return 0;
	snprintf(text, sizeof text, "%d\n", listener_port(p->listener));
	return file_write(p->set.port_file, text, strlen(text), 0644, e);
}

static int
listen_start(struct program *p, struct err *e)
{
	struct net_listen	how = { .address = p->set.address,
				    .handshake_ms = p->set.handshake_ms };

	if (p->set.tls_cert != NULL) {
		p->tls = tls_server(p->set.tls_cert, p->set.tls_key, e);
		if (p->tls == NULL)
			return -1;
		how.tls = p->tls;
	}
	p->listener = net_listen(p->b.loop, &how, on_connection, p, e);
	if (p->listener == NULL)
		return -1;
	listen_warn(&p->set, listener_address(p->listener));
	log_info("listening on %s%s, working in %s", listener_address(p->listener),
	    p->tls != NULL ? " with TLS" : "", workdir_path(p->b.workdir));
	return port_tell(p, e);
}

static int
reverse_begin(struct program *p, struct err *e)
{
	p->reverse = reverse_start(&p->b, p->server, e);
	return p->reverse == NULL ? -1 : 0;
}

/* The work directory is clean: now others may come. */
static void
on_ready(struct buildlet *b, const struct err *why, void *arg)
{
	struct program	*p = arg;
	struct err	 e = ERR_INIT;

	if (b->stopping)
		return;
	if (why == NULL && (p->set.listen != NULL ? listen_start(p, &e) :
	    reverse_begin(p, &e)) == 0)
		return;
	if (why == NULL)
		log_error("%s", e.msg);
	p->status = EXIT_FAILURE;
	loop_stop(b->loop);
}

static int
program_open(struct program *p, struct err *e)
{
	const struct http_limits	limits = {
		.connections_max = p->set.connections_max };
	struct buildlet			*b = &p->b;

	TAILQ_INIT(&b->work);
	b->set = &p->set;
	b->stop = program_stop;
	b->main = p;
	if (settings_load(&p->set, e) == -1)
		return -1;
	environment_take(&b->env);
	b->boot = secret_hex(BOOT_BYTES);
	b->workdir = workdir_open(p->set.workdir, p->set.lock_ms, e);
	if (b->workdir == NULL)
		return -1;
	b->loop = loop_new(e);
	if (b->loop == NULL)
		return -1;
	p->server = http_server_new(b->loop, &limits, routes_serve, b);
	p->idle = idle_start(b);
	loop_signal(b->loop, SIGTERM, on_signal, p);
	loop_signal(b->loop, SIGINT, on_signal, p);
	loop_signal(b->loop, SIGHUP, on_signal, p);
	return 0;
}

static void
program_close(struct program *p)
{
	struct buildlet	*b = &p->b;

	listener_free(p->listener);
	if (p->server != NULL)
		http_server_free(p->server);
	reverse_free(p->reverse);
	idle_free(p->idle);
	wipe_free(b->wipe);
	tls_ctx_free(p->tls);
	if (b->loop != NULL) {
		loop_turn(b->loop, 0);	/* what was closed now is freed now */
		loop_free(b->loop);
	}
	workdir_close(b->workdir);
	strs_release(&b->env);
	free(b->boot);
	free(b->lease);
	settings_release(&p->set);
}

static int
program_run(struct program *p)
{
	struct err	e = ERR_INIT;

	if (program_open(p, &e) == -1) {
		log_error("%s", e.msg);
		p->status = EXIT_FAILURE;
	} else {
		wipe_start(&p->b, "this buildlet is starting", true, on_ready, p);
		loop_run(p->b.loop);
	}
	program_close(p);
	if (p->halting)
		halt_machine();
	return p->status;
}

int
main(int argc, char **argv)
{
	struct program	p = { .status = EXIT_SUCCESS };
	struct err	e = ERR_INIT;
	int		used;

	helper_main(roles, argc, argv);
	log_init("buildlet", LOG_INFO);
	settings_init(&p.set);
	used = settings_parse(&p.set, argc, argv, &e);
	if (used == -2) {
		settings_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (used == -1) {
		fprintf(stderr, "buildlet: %s\n", e.msg);
		settings_usage(stderr);
		return EXIT_USAGE;
	}
	if (p.set.version) {
		printf("buildlet %s\n", GOMOTE_VERSION);
		return EXIT_SUCCESS;
	}
	log_set_level((enum log_level)log_parse_level(p.set.log));
	p.b.argv0 = argv[0];
	return program_run(&p);
}
