/* cmd_agent.c - gomote agent */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/agent_place.h"
#include "client/agent_serve.h"
#include "client/agent_sock.h"
#include "client/agent_wire.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/out.h"
#include "client/say.h"
#include "data/json.h"
#include "io/net.h"

#define ANSWER_MS	2000
#define END_MS		5000

/* It said that it ends, and with it its end of fd does. */
static void
wait_end(int fd)
{
	char	text[AGENT_WIRE_MAX];
	int	passed;
	ssize_t	n;

	do
		n = agent_wire_wait(fd, END_MS, text, &passed);
	while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		say_note("it has not ended yet");
}

/* "ADDRESS\tpid N\tN ready\tN in use\tN served" */
static void
tell_json(struct asjson *out, const char *text)
{
	static const char *const	 names[] = { "Ready", "InUse", "Served" };
	struct strs			 f = STRS_INIT;
	struct json			*j = json_object();
	size_t				 i;

	strs_split(&f, text, '\t', false);
	json_set_str(j, "Server", f.n > 0 ? f.v[0] : "");
	if (f.n > 1 && str_starts(f.v[1], "pid "))
		json_set_int(j, "Pid", strtoll(f.v[1] + strlen("pid "), NULL, 10));
	for (i = 0; i < nitems(names) && i + 2 < f.n; i++)
		json_set_int(j, names[i], strtoll(f.v[i + 2], NULL, 10));
	asjson_item(out, j);
	json_free(j);
	strs_release(&f);
}

static void
told(int fd, const char *text, bool stop, struct asjson *json)
{
	if (!stop && json != NULL)
		tell_json(json, text);
	else if (!stop)
		printf("%s\n", text);
	else if (str_starts(text, AGENT_IN_USE))
		say_note("%s: it ends when that is over", text);
	else
		wait_end(fd);
}

/* One that does not answer is none. */
static void
ask(const char *path, bool stop, struct asjson *json)
{
	char		 text[AGENT_WIRE_MAX];
	struct err	 e = ERR_INIT;
	int		 fd = agent_wire_connect(path, &e), passed = -1;

	if (fd == -1) {
		if (e.code == ECONNREFUSED)
			agent_sock_tidy(path);	/* killed, it left that */
		return;
	}
	if (agent_wire_send(fd, stop ? "stop" : "status", -1) == 0 &&
	    agent_wire_wait(fd, ANSWER_MS, text, &passed) > 0)
		told(fd, text, stop, json);
	if (passed != -1)
		close(passed);
	close(fd);
}

/* No directory, no agents. */
static void
ask_all(bool stop, struct asjson *json)
{
	char		*dir = agent_dir(false, NULL), *path;
	struct dirent	*d;
	DIR		*all;

	if (dir == NULL || (all = opendir(dir)) == NULL) {
		free(dir);
		return;
	}
	while ((d = readdir(all)) != NULL) {
		if (!str_ends(d->d_name, AGENT_SUFFIX))
			continue;
		path = xasprintf("%s/%s", dir, d->d_name);
		ask(path, stop, json);
		free(path);
	}
	closedir(all);
	free(dir);
}

static int
check_address(const char *address, struct err *e)
{
	char	*host;
	int	 port, ret = net_split(address, -1, &host, &port, e);

	if (ret == 0 && (*host == '\0' || port == 0))
		ret = err_set(e, "address \"%s\": not of the form HOST:PORT", address);
	free(host);
	return ret;
}

static int
agent_run(struct gomote *g, int argc, char **argv)
{
	bool			stop = false, serve = false, json = false;
	struct asjson		out = ASJSON_INIT;
	int64_t			idle = CRED_AGENT_MS;
	const struct opt	opts[] = {
		{ "stop", OPT_BOOL, &stop, NULL,
		    "end them all, each when its last command is over" },
		{ "json", OPT_BOOL, &json, NULL, "tell about them as JSON" },
		{ "serve", OPT_BOOL, &serve, NULL,
		    "be one, for ADDRESS (HOST:PORT)" },
		{ "idle", OPT_DURATION, &idle, "DURATION",
		    "with -serve: end after so long without use" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		e = ERR_INIT;
	int			i, status, ret;

	(void)g;
	i = cmd_options(&cmd_agent, opts, argc, argv, 0, 2, &status);
	if (i == -1)
		return status;
	if (json && (stop || serve))
		return cmd_usage(&cmd_agent, "-json goes with neither -stop nor -serve");
	if (serve != (argc > i))
		return cmd_usage(&cmd_agent, "ADDRESS and -serve go together");
	if (serve && check_address(argv[i], &e) == -1)
		return cmd_usage(&cmd_agent, "%s", e.msg);
	if (serve) {
		if (agent_serve(argv[i], argv[i + 1], idle, &e) == -1)
			return cmd_fail(&e);
		return EXIT_OK;
	}
	ask_all(stop, json ? &out : NULL);
	ret = json ? asjson_end(&out, &e) : out_flush(&e);
	return ret == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_agent = { "agent",
	"[-json | -stop]\n       gomote agent -serve [-idle DURATION] ADDRESS [CA]",
	"tell about the agents that keep connections for you",
	"An agent is started by the first command that has to connect to a\n"
	"coordinator over TLS, and keeps connections to it for those after it,\n"
	"which need no handshake then. It ends when it was not used for ten\n"
	"minutes. It knows no token. GOMOTE_AGENT=off does without.\n\n"
	"Prints a line for each: its server, its process, and how many\n"
	"connections are ready, are in use, and were lent.\n\n"
	"  gomote agent\n"
	"  gomote agent -stop",
	agent_run };
