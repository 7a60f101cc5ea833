/* daemon.c - the life of the running program. */
#include "coordinator/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/xmalloc.h"
#include "coordinator/control.h"
#include "coordinator/dev.h"
#include "coordinator/face.h"
#include "coordinator/health.h"
#include "coordinator/lock.h"
#include "coordinator/routes.h"
#include "coordinator/state.h"
#include "http/server.h"
#include "io/net.h"
#include "io/pki.h"
#include "io/tls.h"

#define LOCK_MS		2000	/* a verb may just be using the state directory */
#define SHUTDOWN_MS	10000	/* of the core, */
#define DRAIN_MS	1000	/* and then for answers on their way */
#define TWICE_MS	1000
#define SECRET_FILE_MAX	4096

struct daemon {
	const struct options	*options;
	struct settings		*settings;
	char			*state_dir;	/* absolute */
	char			*buildlet;	/* NULL: none was found */
	char			*dev_key, *master_key;
	struct lock		*lock;
	struct loop		*loop;
	struct store		*store;
	struct tls_ctx		*tls;
	struct core		*core;
	struct face		 face;
	struct http_server	*http;
	struct listener		*listener;
	struct control		*control;
	struct timer		*drain;		/* set while it ends */
	int64_t			 ending_at;	/* 0: not told to end */
};

/* --- ending ----------------------------------------------------------------------- */

static void
on_drained(void *arg)
{
	struct daemon	*d = arg;

	loop_stop(d->loop);
}

static void
on_core_down(void *arg)
{
	struct daemon	*d = arg;

	d->drain = timer_new(d->loop, on_drained, d);
	timer_set(d->drain, DRAIN_MS);
	http_server_drain(d->http, on_drained, d);
}

static void
on_end(void *arg)
{
	struct daemon	*d = arg;

	int64_t		 now = loop_now(d->loop);

	/* Some send a signal to the process and to its group: that is one. */
	if (d->ending_at != 0 && now - d->ending_at < TWICE_MS)
		return;
	if (d->ending_at != 0) {
		log_warn("told to end once more: at once");
		loop_stop(d->loop);
		return;
	}
	d->ending_at = now;
	log_info("going down");
	listener_free(d->listener);
	d->listener = NULL;
	core_shutdown(d->core, SHUTDOWN_MS, on_core_down, d);
}

/* What was cut is let go on the loop's next turns. */
static void
daemon_stop(struct daemon *d)
{
	int	i;

	timer_free(d->drain);
	control_free(d->control);
	listener_free(d->listener);
	http_server_free(d->http);
	for (i = 0; d->loop != NULL && i < 3; i++)
		loop_turn(d->loop, 0);
	health_free(d->face.health);
	core_free(d->core);
	for (i = 0; d->loop != NULL && i < 3; i++)
		loop_turn(d->loop, 0);
	tls_ctx_free(d->tls);
	store_close(d->store);
	loop_free(d->loop);
	lock_free(d->lock);
	settings_free(d->settings);
	free(d->state_dir);
	free(d->buildlet);
	free(d->dev_key);
	free(d->master_key);
}

/* --- reloading -------------------------------------------------------------------- */

static void
say_restart(const struct settings *old, const struct settings *new)
{
	struct strs	keys = STRS_INIT;
	size_t		i;

	settings_restart_keys(old, new, &keys);
	for (i = 0; i < keys.n; i++)
		log_warn("reload: %s was changed: that needs a restart", keys.v[i]);
	strs_release(&keys);
}

static void
on_reload(void *arg)
{
	struct daemon	*d = arg;
	struct settings	*new;
	struct err	 e = ERR_INIT;

	if (d->options->config == NULL) {
		log_info("reload: there is no configuration file in development mode");
		return;
	}
	new = settings_load(d->options->config, &e);
	if (new == NULL) {
		log_error("reload: the configuration stays as it was: %s", e.msg);
		core_event(d->core, "operator", "reload.refused", d->options->config, e.msg, "");
		return;
	}
	say_restart(d->settings, new);
	core_set_catalog(d->core, new->catalog);
	if (d->options->log == NULL)
		log_set_level((enum log_level)log_parse_level(new->log));
	/* What counts at a start only stays what it was then, so that the next
	 * reload speaks of it again. */
	catalog_unref(d->settings->catalog);
	d->settings->catalog = catalog_ref(new->catalog);
	settings_free(new);
	log_info("reload: done");
	core_event(d->core, "operator", "reload", d->options->config, "", "");
}

/* --- starting ----------------------------------------------------------------------- */

/* The buildlet beside this program. NULL: there is none. */
static char *
buildlet_beside(void)
{
	char	 self[PATH_WIRE_MAX], *dir, *path;
	ssize_t	 n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	dir = path_dir(self);
	path = xasprintf("%s/buildlet", dir);
	free(dir);
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static int
find_buildlet(struct daemon *d, struct err *e)
{
	const char	*named = d->options->buildlet;

	if (named == NULL && d->settings->buildlet[0] != '\0')
		named = d->settings->buildlet;
	if (named == NULL) {
		d->buildlet = buildlet_beside();
		if (d->buildlet == NULL)
			log_warn("no buildlet lies beside this program: the local pool "
			    "cannot start machines");
		return 0;
	}
	d->buildlet = realpath(named, NULL);
	if (d->buildlet == NULL)
		return err_errno(e, "buildlet %s", named);
	return 0;
}

static int
find_keys(struct daemon *d, struct err *e)
{
	const char	*file = d->settings->legacy_master_key_file;

	if (d->options->dev && (d->dev_key = dev_key(d->state_dir, e)) == NULL)
		return -1;
	if (d->options->stock_keys)
		d->master_key = xstrdup(DEV_STOCK_MASTER_KEY);
	else if (file[0] != '\0' &&
	    (d->master_key = file_read_trimmed(file, SECRET_FILE_MAX, e)) == NULL)
		return err_wrap(e, "legacy-master-key-file");
	if (d->master_key != NULL && d->master_key[0] == '\0')
		return err_set(e, "legacy-master-key-file: %s is empty", file);
	return 0;
}

/* Names that the certificate holds. */
static void
server_names(const struct daemon *d, struct strs *names)
{
	char		host[256] = "", *listen_host = NULL;
	size_t		i;
	int		port;

	strs_add(names, "localhost");
	strs_add(names, "127.0.0.1");
	strs_add(names, "::1");
	if (gethostname(host, sizeof host - 1) == 0 && host[0] != '\0' &&
	    !strs_has(names, host))
		strs_add(names, host);
	if (net_split(d->settings->listen, API_PORT, &listen_host, &port, NULL) == 0 &&
	    listen_host[0] != '\0' && !str_eq(listen_host, "0.0.0.0") &&
	    !str_eq(listen_host, "::") && !strs_has(names, listen_host))
		strs_add(names, listen_host);
	free(listen_host);
	for (i = 0; i < d->settings->public_names.n; i++)
		if (!strs_has(names, d->settings->public_names.v[i]))
			strs_add(names, d->settings->public_names.v[i]);
}

static int
start_tls(struct daemon *d, struct err *e)
{
	struct strs	 names = STRS_INIT;
	char		*ca = state_path(d->state_dir, "ca.pem");
	char		*cert = state_path(d->state_dir, "server.pem");
	char		*key = state_path(d->state_dir, "server-key.pem"), *print = NULL;

	server_names(d, &names);
	if (pki_ensure(d->state_dir, &names, e) == 0 &&
	    (print = pki_fingerprint(ca, e)) != NULL) {
		log_info("certificate authority %s, SHA-256 %s", ca, print);
		d->tls = tls_server(cert, key, e);
	}
	strs_release(&names);
	free(ca);
	free(cert);
	free(key);
	free(print);
	return d->tls == NULL ? -1 : 0;
}

static int
start_core(struct daemon *d, struct err *e)
{
	const int64_t			silence = d->settings->silence_ms;
	const struct core_config	cfg = {
		.state_dir = d->state_dir,
		.buildlet = d->buildlet,
		.master_key = d->master_key,
		.dev_key = d->dev_key,
		.grace_ms = d->settings->grace_ms,
		.keep_ms = d->settings->keep_ms,
		.tail_keep_ms = d->settings->keep_output_ms,
		.exec_poll_ms = d->settings->exec_poll_ms,
		.save_ms = d->settings->save_ms,
		.upload_space = d->settings->user_upload_space == -1 ? -1 :
		    d->settings->upload_space,
		.user_upload_space = d->settings->user_upload_space,
		.upload_keep_ms = d->settings->upload_keep_ms,
		.join_ms = d->settings->join_ms,
		.clean_ms = d->settings->clean_ms,
		/* Asked often enough to be sure by then. */
		.probe_ms = silence * 2 / 5,
		.status_ms = silence / 6 + 1,
		.stream_memory = d->settings->stream_mib << 20,
		.revdial = { .ping_ms = silence * 2 / 5, .dead_ms = silence },
	};

	d->store = state_open_store(d->state_dir, e);
	if (d->store == NULL)
		return -1;
	d->core = core_new(d->loop, d->settings->catalog, d->store, &cfg, e);
	return d->core == NULL ? -1 : 0;
}

static void
on_accept(struct stream *s, void *arg)
{
	struct daemon	*d = arg;

	http_server_serve(d->http, s);
}

static int
start_http(struct daemon *d, struct err *e)
{
	const struct settings		*s = d->settings;
	const struct http_limits	 limits = { .connections_max = s->connections,
	    .head_ms = s->head_ms, .stall_ms = s->stall_ms };
	const struct net_listen		 l = { .address = d->options->listen != NULL ?
	    d->options->listen : s->listen, .tls = d->tls, .handshake_ms = s->head_ms };

	d->face.core = d->core;
	d->face.answer_ms = s->answer_ms;
	d->face.started = clock_wall(loop_clock(d->loop));
	d->face.health = health_new(d->core);
	d->http = d->face.server = http_server_new(d->loop, &limits, routes_handle, &d->face);
	d->listener = net_listen(d->loop, &l, on_accept, d, e);
	if (d->listener == NULL)
		return -1;
	core_serving(d->core, listener_port(d->listener));
	d->control = control_new(d->core, d->face.started, e);
	return d->control == NULL ? -1 : 0;
}

/* Whoever waits for the port file finds everything else there. */
static int
announce(struct daemon *d, struct err *e)
{
	char	port[16];

	if (d->options->dev &&
	    dev_publish(d->core, listener_address(d->listener), e) == -1)
		return -1;
	snprintf(port, sizeof port, "%d\n", listener_port(d->listener));
	if (d->options->port_file != NULL &&
	    file_write(d->options->port_file, port, strlen(port), 0644, e) == -1)
		return -1;
	log_info("coordinator %s serves on %s", GOMOTE_VERSION, listener_address(d->listener));
	return 0;
}

static int
daemon_start(struct daemon *d, struct err *e)
{
	d->state_dir = state_prepare(d->settings->state_dir, e);
	if (d->state_dir == NULL ||
	    (d->lock = lock_take(d->state_dir, LOCK_MS, e)) == NULL ||
	    (d->loop = loop_new(e)) == NULL)
		return -1;
	if (find_buildlet(d, e) == -1 || find_keys(d, e) == -1 || start_tls(d, e) == -1 ||
	    start_core(d, e) == -1 || start_http(d, e) == -1)
		return -1;
	loop_signal(d->loop, SIGHUP, on_reload, d);
	loop_signal(d->loop, SIGTERM, on_end, d);
	loop_signal(d->loop, SIGINT, on_end, d);
	return announce(d, e);
}

int
daemon_run(const struct options *o, struct settings *s)
{
	struct daemon	d;
	struct err	e = ERR_INIT;
	int		ret = 1;

	memset(&d, 0, sizeof d);
	d.options = o;
	d.settings = s;
	if (daemon_start(&d, &e) == -1) {
		log_error("cannot start: %s", e.msg);
	} else {
		loop_run(d.loop);
		log_info("ended");
		ret = 0;
	}
	daemon_stop(&d);
	return ret;
}
