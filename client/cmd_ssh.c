/*
 * cmd_ssh.c - gomote ssh: the person's own ssh, with a key made for this alone
 * (sshkey.h), over a connection that gomote opens for it (-proxy).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/sshkey.h"
#include "client/tool.h"
#include "io/helper.h"
#include "io/loop.h"
#include "io/splice.h"

#define LOGIN_MAX	256	/* bytes of an answer that is a user's name */

struct ssh {
	char		*login;		/* on the machine; NULL: as whom commands run */
	bool		 proxy;
	const char	*instance;
};

/* --- the connection (-proxy) ------------------------------------------------ */

struct joined {
	struct loop	*loop;
	bool		 over;
	struct err	 why;
};

static void
on_over(uint64_t there, uint64_t back, const struct err *why, void *arg)
{
	struct joined	*j = arg;

	(void)there;
	(void)back;
	if (why != NULL)
		j->why = *why;
	j->over = true;
	loop_stop(j->loop);
}

static int
proxy_open(struct gomote *g, const struct ssh *x, struct stream **s, struct err *e)
{
	struct headers		*more = headers_new();
	struct call_request	 q = { .method = "POST", .path = "/connect-ssh",
		.doing = "ssh", .more = more, .upgraded = s };
	struct sshkey		 key;
	struct call		*c = NULL;
	char			*public = NULL;
	int			 ret = -1;

	if (sshkey_find(&key, g->loop, e) == 0) {
		public = sshkey_public(&key, e);
		sshkey_release(&key);
	}
	if (public != NULL && (c = cmd_call(g, x->instance, e)) != NULL) {
		headers_add(more, API_H_SSH_USER, x->login);
		headers_add(more, API_H_SSH_KEY, public);
		ret = call_send(c, &q, e);
		if (ret == 0 && *s == NULL)
			ret = err_set(e, "%s: ssh: the answer was no connection",
			    call_hop(c));
	}
	call_free(c);
	free(public);
	headers_free(more);
	return ret;
}

static int
proxy(struct gomote *g, const struct ssh *x, struct err *e)
{
	struct joined	 j = { .loop = g->loop };
	struct sigaction ignore;
	struct stream	*up = NULL;

	if (proxy_open(g, x, &up, e) == -1)
		return -1;
	/* Ctrl-C is for ssh, which still has to say goodbye by us. */
	memset(&ignore, 0, sizeof ignore);
	ignore.sa_handler = SIG_IGN;
	(void)sigaction(SIGINT, &ignore, NULL);
	stream_splice(stream_from_fd(g->loop, STDIN_FILENO, STDOUT_FILENO, "ssh"), up, 0,
	    NULL, on_over, &j);
	while (!j.over)
		loop_run(g->loop);
	return 0;	/* ssh knows how it went */
}

/* --- ssh ---------------------------------------------------------------------- */

/* As one word of the person's shell, for ssh, to which % means something. */
static void
add_quoted(struct str *s, const char *word)
{
	str_addc(s, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			str_add(s, "'\\''");
		else if (*word == '%')
			str_add(s, "%%");
		else
			str_addc(s, *word);
	}
	str_addc(s, '\'');
}

static void
add_option(struct str *s, const char *name, const char *value)
{
	if (value == NULL)
		return;
	str_addf(s, " -%s ", name);
	add_quoted(s, value);
}

/* This program, told the same as we were. */
static char *
proxy_command(const struct gomote *g, const struct ssh *x)
{
	char		*self = realpath(helper_program(), NULL);
	struct str	 s = STR_INIT;

	add_quoted(&s, self != NULL ? self : "gomote");
	add_option(&s, "server", g->flags.server);
	add_option(&s, "ca", g->flags.ca);
	add_option(&s, "user", g->flags.user);
	add_option(&s, "token-file", g->flags.token_file);
	add_option(&s, "config", g->flags.config);
	add_option(&s, "password-file", g->flags.password_file);
	str_add(&s, " ssh -proxy");
	add_option(&s, "login", x->login);
	str_addc(&s, ' ');
	add_quoted(&s, x->instance);
	free(self);
	return str_take(&s);
}

/* As whom commands run there: nobody else could be logged in as mostly. */
static char *
login_ask(struct gomote *g, const struct ssh *x, struct err *e)
{
	struct form		*form = form_new();
	struct call_request	 q = { .method = "POST", .path = "/exec", .form = form,
		.doing = "ssh" };
	struct call		*c = cmd_call(g, x->instance, e);
	struct str		 text = STR_INIT;
	char			*name = NULL;

	form_add(form, "cmd", "/usr/bin/id");
	form_add(form, "mode", "sys");
	form_add(form, "cmdArg", "-un");
	if (c != NULL && call_text(c, &q, LOGIN_MAX, &text, e) == 0) {
		name = xstrndup(str_text(&text), strcspn(str_text(&text), "\r\n"));
		if (!str_name_ok(name, LOGIN_MAX)) {
			free(name);
			name = NULL;
			err_set(e, "ssh: the machine does not tell as whom to log in "
			    "(see -login)");
		}
	}
	str_release(&text);
	call_free(c);
	form_free(form);
	return name;
}

/* Returns only where it failed. */
static int
ssh_execute(struct gomote *g, const struct ssh *x, char **command, struct err *e)
{
	char		*program = tool_find("ssh"), *proxy;
	struct strs	 argv = STRS_INIT;
	struct sshkey	 key;

	if (program == NULL)
		return err_set(e, "ssh: ssh is not installed");
	if (sshkey_find(&key, g->loop, e) == -1) {
		free(program);
		return -1;
	}
	strs_add(&argv, "ssh");
	proxy = proxy_command(g, x);
	strs_addf(&argv, "-oProxyCommand=%s", proxy);
	strs_addf(&argv, "-oUserKnownHostsFile=%s", key.known_hosts);
	strs_addf(&argv, "-oHostKeyAlias=%s", x->instance);
	strs_add(&argv, "-oStrictHostKeyChecking=accept-new");
	strs_add(&argv, "-oIdentitiesOnly=yes");
	strs_add(&argv, "-i");
	strs_add(&argv, key.path);
	strs_add(&argv, "-l");
	strs_add(&argv, x->login);
	strs_add(&argv, "--");
	strs_add(&argv, x->instance);
	for (; *command != NULL; command++)
		strs_add(&argv, *command);
	execv(program, argv.v);
	err_errno(e, "ssh: %s", program);
	strs_release(&argv);
	sshkey_release(&key);
	free(proxy);
	free(program);
	return -1;
}

static int
ssh_run(struct gomote *g, int argc, char **argv)
{
	struct ssh		x = { .login = NULL };
	const struct opt	opts[] = {
		{ "login", OPT_STRING, &x.login, "NAME",
		    "user on the machine (else as whom commands run there)" },
		{ "proxy", OPT_BOOL, &x.proxy, NULL,
		    "only connect stdin and stdout with an sshd there, for an ssh of yours" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	fan = { .cmd = &cmd_ssh, .opts = opts, .max = -1,
		.alone = true };
	struct err		e = ERR_INIT;
	char			*asked = NULL;
	int			 i, status, ret = 0;

	i = fan_in(g, &fan, argc, argv, &x.instance, &status);
	if (i == -1)
		return status;
	if (x.proxy && argc > i)
		return cmd_usage(&cmd_ssh, "-proxy runs no command");
	if (cmd_prepare(g, &e) == -1)
		return cmd_fail(&e);
	if (x.login == NULL)
		x.login = asked = login_ask(g, &x, &e);
	if (x.login == NULL)
		ret = -1;
	else
		ret = x.proxy ? proxy(g, &x, &e) : ssh_execute(g, &x, argv + i, &e);
	free(asked);
	return ret == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_ssh = { "ssh", "[options] [INSTANCE] [COMMAND...]",
	"log in to an instance by ssh",
	"Runs your ssh, with a key that is made for this at its first use and kept\n"
	"beside gomote's settings, over a connection through the coordinator. The\n"
	"machine needs an sshd. For scp, rsync and others:\n\n"
	"  scp -o ProxyCommand='gomote ssh -proxy INSTANCE' ...\n\n"
	"COMMAND is run instead of a shell, as ssh does it.\n\n"
	"  gomote ssh user-alice-linux-amd64-0",
	ssh_run };
