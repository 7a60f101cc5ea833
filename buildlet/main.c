/*
 * main.c - the buildlet: lends its machine out by the buildlet API.
 *
 * The story: settings, the work directory (taken; then emptied, unless a lease
 * or commands of the buildlet before are there, which are gone on with), then
 * either a listening socket or a connection to the coordinator; both feed the
 * same HTTP server, whose requests go to routes.c. At the end everything under
 * way is cut and the work directory is emptied again. SIGHUP ends it too, but
 * leaves commands running, and the program as it now is takes over.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execs.h"
#include "buildlet/halt.h"
#include "buildlet/idle.h"
#include "buildlet/lease.h"
#include "buildlet/reverse.h"
#include "buildlet/roles.h"
#include "buildlet/routes.h"
#include "buildlet/settings.h"
#include "buildlet/upgrade.h"
#include "buildlet/wipe.h"
#include "http/server.h"
#include "io/net.h"
#include "io/secret.h"
#include "io/tls.h"

#define BOOT_BYTES	16
#define EXIT_USAGE	2
#define UPGRADE_LOOK_MS	10
#define SETTLE_MS	1000	/* for helpers that were told to end */

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
	bool			 minds_terminal;

	struct upgrade		*upgrade;
	struct timer		*handing;	/* over, as soon as nothing is under way */
	int64_t			 hand_by;	/* loop_now; then at once */
	char			*key;		/* to hand over, of reverse mode */
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

/* Nobody new. */
static void
program_close_doors(struct program *p)
{
	p->b.stopping = true;
	listener_free(p->listener);
	p->listener = NULL;
	reverse_stop(p->reverse);
}

static void
program_stop(struct buildlet *b, const char *why, bool machine)
{
	struct program	*p = b->main;

	p->halting |= machine;
	if (b->stopping && p->handing == NULL)
		return;
	timer_free(p->handing);
	p->handing = NULL;
	log_info("ending: %s", why);
	program_close_doors(p);
	lease_forget(b);
	wipe_start(b, "this buildlet is ending", false, on_cleaned, p);
}

static void
on_signal(void *arg)
{
	struct program	*p = arg;

	if (p->b.stopping && p->handing == NULL)
		_exit(EXIT_FAILURE);	/* the second one: without cleaning */
	program_stop(&p->b, "told by a signal", false);
}

/* ---- the end that is a beginning ---- */

static void
on_handing(void *arg)
{
	struct program	*p = arg;
	struct buildlet	*b = &p->b;

	if ((b->work_count > 0 || b->wipe != NULL) && loop_now(b->loop) < p->hand_by)
		return;
	if (p->reverse != NULL)
		p->key = xstrdup(reverse_key(p->reverse));
	loop_stop(b->loop);
}

static bool
has_terminal(void)
{
	int	fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

/* A terminal that hangs up takes its programs with it, unless by nohup(1). */
static bool
minds_terminal(void)
{
	struct sigaction	sa;

	return sigaction(SIGHUP, NULL, &sa) == 0 && sa.sa_handler != SIG_IGN &&
	    has_terminal();
}

/* What belongs to a connection ends with it; the execs do not. */
static void
on_hangup(void *arg)
{
	struct program	*p = arg;
	struct buildlet	*b = &p->b;
	struct err	 e = ERR_INIT;

	if (b->stopping)
		return;
	if (p->minds_terminal && !has_terminal()) {
		program_stop(b, "the terminal is gone", false);
		return;
	}
	if (upgrade_check(p->upgrade, &e) == -1) {
		log_error("%s", e.msg);
		return;
	}
	log_info("handing over to the program as it is now; %zu commands run on",
	    execs_running(b->execs));
	program_close_doors(p);
	work_cut_all(b, "this buildlet is being upgraded");
	p->hand_by = loop_now(b->loop) + b->set->cut_ms;
	p->handing = loop_every(b->loop, UPGRADE_LOOK_MS, on_handing, p);
}

static void
program_hand_over(struct program *p)
{
	struct err	e = ERR_INIT;

	if (upgrade_run(p->upgrade, p->key, &e) == -1)
		log_error("%s: commands run on, start it again", e.msg);
	p->status = EXIT_FAILURE;
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

static void
on_kept(void *arg)
{
	struct program	*p = arg;

	on_ready(&p->b, NULL, p);
}

static int
program_open(struct program *p, struct err *e)
{
	const struct http_limits	limits = {
		.connections_max = p->set.connections_max };
	struct buildlet			*b = &p->b;
	char				*handed;
	int				 ret;

	TAILQ_INIT(&b->work);
	b->set = &p->set;
	b->stop = program_stop;
	b->main = p;
	handed = upgrade_key();
	ret = settings_load(&p->set, handed, e);
	free(handed);
	if (ret == -1)
		return -1;
	environment_take(&b->env);
	b->workdir = workdir_open(p->set.workdir, p->set.lock_ms, e);
	if (b->workdir == NULL)
		return -1;
	b->loop = loop_new(e);
	if (b->loop == NULL)
		return -1;
	b->execs = execs_load(b, e);
	if (b->execs == NULL)
		return -1;
	p->server = http_server_new(b->loop, &limits, routes_serve, b);
	p->idle = idle_start(b);
	loop_signal(b->loop, SIGTERM, on_signal, p);
	loop_signal(b->loop, SIGINT, on_signal, p);
	p->minds_terminal = minds_terminal();
	loop_signal(b->loop, SIGHUP, on_hangup, p);
	return 0;
}

/* As the buildlet before left it, or from nothing? */
static void
program_begin(struct program *p)
{
	struct buildlet	*b = &p->b;
	struct err	 e = ERR_INIT;

	if (lease_load(b) && (b->lease != NULL || execs_any(b->execs))) {
		log_info("going on with what is there: lease %s, %zu commands run",
		    b->lease != NULL ? b->lease : "none", execs_running(b->execs));
		if (workdir_furnish(workdir_fd(b->workdir), &e) == -1)
			log_warn("%s", e.msg);
		loop_defer(b->loop, on_kept, p);
		return;
	}
	free(b->boot);
	b->boot = secret_hex(BOOT_BYTES);
	wipe_start(b, "this buildlet is starting", true, on_ready, p);
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
	timer_free(p->handing);
	tls_ctx_free(p->tls);
	if (b->loop != NULL) {
		loop_turn(b->loop, 0);	/* what was closed now is freed now */
		execs_free(b->execs);
		loop_settle(b->loop, SETTLE_MS);
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
	bool		handing;

	if (program_open(p, &e) == -1) {
		log_error("%s", e.msg);
		p->status = EXIT_FAILURE;
	} else {
		program_begin(p);
		loop_run(p->b.loop);
	}
	handing = p->handing != NULL;
	program_close(p);
	if (handing)
		program_hand_over(p);
	upgrade_free(p->upgrade);
	if (p->key != NULL)
		secret_wipe(p->key, strlen(p->key));
	free(p->key);
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

	file_std();
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
	p.upgrade = upgrade_new(argv);
	/* Children of the program that we took over from. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	return program_run(&p);
}
