/*
 * cmd_doctor.c - gomote doctor: looks at all that lies between a person and an
 * instance, from here outwards, and says of each thing whether it is well, what
 * is wrong, and what to do.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "client/agent_place.h"
#include "client/agent_wire.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/config.h"
#include "client/out.h"
#include "client/paint.h"
#include "client/say.h"
#include "client/target.h"
#include "data/json.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"

/* Of each wait; what is asked over a connection has it twice. */
#define PATIENCE	(10 * 1000)
#define AGENT_MS	2000
#define ANSWER_MAX	(64 * 1024)
#define SKEW_MS		(30 * 1000)	/* of the clocks: nobody minds less */
#define EXPIRY_DAYS	14		/* less is worth a word */

enum verdict { OK, NOTE, WRONG, SKIPPED };

struct doctor {
	struct gomote	*g;
	bool		 json;
	struct asjson	 out;
	struct config	 config;
	struct target	 to;
	bool		 opened;	/* how the last dialing went */
	struct err	 why;
	struct call	*call;		/* with what it answered: */
	bool		 answered;
	struct str	 answer;
	struct err	 refused;
};

/* What a check has found. */
struct finding {
	enum verdict	 verdict;
	struct str	 text, advice;	/* advice: nothing is to be done if empty */
};

static void PRINTF(3, 4)
found(struct finding *f, enum verdict v, const char *fmt, ...)
{
	va_list	ap;

	f->verdict = v;
	va_start(ap, fmt);
	str_vaddf(&f->text, fmt, ap);
	va_end(ap);
}

static void PRINTF(2, 3)
advise(struct finding *f, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	str_vaddf(&f->advice, fmt, ap);
	va_end(ap);
}

/* --- settings ----------------------------------------------------------------- */

static void
check_config(struct doctor *d, struct finding *f)
{
	struct err	e = ERR_INIT;

	if (config_load(&d->config, d->g->flags.config, &e) == -1 ||
	    cmd_prepare(d->g, &e) == -1) {
		found(f, WRONG, "%s", e.msg);
		advise(f, "mend that; gomote(1) has an example of the file under "
		    "EXAMPLES, gomote config changes it");
		return;
	}
	if (d->config.there)
		found(f, OK, "%s", d->config.path);
	else
		found(f, OK, "no file %s, so flags and environment only",
		    d->config.path != NULL ? d->config.path : "of settings");
}

/* --- the server ----------------------------------------------------------------- */

static void
on_open(struct stream *s, void *arg)
{
	struct doctor	*d = arg;

	(void)s;
	d->opened = true;
	loop_stop(d->g->loop);
}

static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	struct doctor	*d = arg;

	(void)s;
	d->why = *why;
	loop_stop(d->g->loop);
}

static const struct stream_cb dial_cb = { .open = on_open, .error = on_error };

/* A connection, made and let go. */
static void
dial(struct doctor *d, struct tls_ctx *tls)
{
	struct net_dial	 n = { .address = d->to.address, .tls = tls,
	    .ms = PATIENCE, .proxied = d->to.tls };
	struct stream	*s = net_dial(d->g->loop, &n);

	d->opened = false;
	stream_set_cb(s, &dial_cb, d);
	loop_run(d->g->loop);
	stream_close(s);
}

static void
check_server(struct doctor *d, struct finding *f)
{
	struct clock	 clock = CLOCK_INIT;
	int64_t		 begun = clock_mono(&clock);
	struct err	 e = ERR_INIT;

	if (target_init(&d->to, d->g->cred.server, NULL, &e) == -1) {
		found(f, WRONG, "%s", e.msg);
		advise(f, "gomote config set server https://HOST[:PORT]");
		return;
	}
	dial(d, NULL);
	if (d->opened) {
		found(f, OK, "%s answers after %lld ms", d->to.address,
		    (long long)(clock_mono(&clock) - begun));
		return;
	}
	found(f, WRONG, "%s", d->why.msg);
	advise(f, "see that the name and the port are right (gomote config get "
	    "server), that the coordinator runs, and that %s",
	    d->why.code == STREAM_TIMEOUT ? "no firewall drops what goes there" :
	    "this machine has a way there");
}

/* --- its certificate -------------------------------------------------------------- */

static void
advise_ca(const struct doctor *d, struct finding *f)
{
	if (d->g->cred.ca != NULL)
		advise(f, "%s must be the authority of this coordinator, in PEM: "
		    "ask its operator for ca.pem, then gomote config set ca FILE",
		    d->g->cred.ca);
	else
		advise(f, "if the coordinator has an authority of its own, ask its "
		    "operator for ca.pem, then gomote config set ca FILE");
}

static void
judge_certificate(const struct doctor *d, const struct tls_ctx *tls, struct finding *f)
{
	char	by[TLS_ISSUER_MAX];
	int64_t	left, days;

	if (tls_client_shown(tls, &left, by) == -1) {
		found(f, NOTE, "accepted; nothing is known of its end");
		return;
	}
	days = left / (24 * 60 * 60);
	found(f, days < EXPIRY_DAYS ? NOTE : OK, "signed by %s (%s), good for %lld "
	    "more day%s", by, d->g->cred.ca != NULL ? d->g->cred.ca :
	    "trusted by this system", (long long)days, days == 1 ? "" : "s");
	if (days < EXPIRY_DAYS)
		advise(f, "tell the operator: a coordinator renews its own "
		    "certificate when it is started");
}

static void
check_certificate(struct doctor *d, struct finding *f)
{
	const char	*ca = d->g->cred.ca;
	struct tls_ctx	*tls;
	struct err	 e = ERR_INIT;

	if (!d->to.tls) {
		found(f, OK, "none: plain HTTP, inside of this machine");
		return;
	}
	tls = tls_client(ca, ca != NULL ? TLS_VERIFY_CHAIN : TLS_VERIFY_FULL, &e);
	if (tls == NULL) {
		found(f, WRONG, "%s", e.msg);
		advise_ca(d, f);
		return;
	}
	dial(d, tls);
	if (d->opened)
		judge_certificate(d, tls, f);
	else {
		found(f, WRONG, "%s", d->why.msg);
		advise_ca(d, f);
	}
	tls_ctx_free(tls);
}

/* --- what it answers ---------------------------------------------------------------- */

/* Asks who we are. Coordinators of old do not tell, but refuse as well. */
static void
ask(struct doctor *d)
{
	struct call_request	q = { .method = "GET", .path = "/api/v1/version",
	    .doing = "doctor", .head_ms = PATIENCE, .stall_ms = PATIENCE };

	d->g->cred.agent_ms = 0;	/* by our own connection */
	if ((d->call = cmd_call(d->g, NULL, &d->refused)) == NULL)
		return;
	d->answered = call_text(d->call, &q, ANSWER_MAX, &d->answer,
	    &d->refused) == 0;
	if (d->answered || call_status(d->call) != 404)
		return;
	q.path = "/buildlet/list";
	d->answered = call_text(d->call, &q, 64 * ANSWER_MAX, NULL,
	    &d->refused) == 0;
}

static void
check_clock(struct doctor *d, struct finding *f)
{
	struct clock	 clock = CLOCK_INIT;
	const char	*date;
	int64_t		 there, off;
	char		 text[CLOCK_TEXT_MAX];

	ask(d);
	if (d->call == NULL || call_status(d->call) == 0) {
		found(f, WRONG, "%s", d->refused.msg);
		advise(f, "see that a coordinator listens there, and no other "
		    "server or proxy");
		return;
	}
	date = call_field(d->call, "Date");
	if (date == NULL || clock_parse_http_date(date, &there) == -1) {
		found(f, NOTE, "the server does not tell its time");
		return;
	}
	off = clock_wall(&clock) - there;
	clock_duration((off < 0 ? -off : off) / 1000 * 1000, text);
	if (off > -SKEW_MS && off < SKEW_MS) {
		found(f, OK, "as the server's");
		return;
	}
	found(f, WRONG, "%s %s the server's", text, off < 0 ? "behind" : "ahead of");
	advise(f, "set the clock of this machine, or have the server's set; times "
	    "in lists and of files are wrong until then");
}

static void
check_login(struct doctor *d, struct finding *f)
{
	struct json	*j = json_parse(str_text(&d->answer), d->answer.len, NULL);
	const char	*user = json_str(j, "User", d->g->cred.user);

	if (d->call == NULL || call_status(d->call) == 0) {
		found(f, SKIPPED, "not looked at, for nothing was answered");
	} else if (d->answered) {
		found(f, OK, "the token is accepted, you are %s",
		    user != NULL ? user : "whose it is");
	} else if (d->g->cred.token == NULL) {
		found(f, WRONG, "no token is set");
		advise(f, "ask the operator for one (coordinator user add NAME), "
		    "then gomote config set user NAME, gomote config set token -");
	} else {
		found(f, WRONG, "%s", d->refused.msg);
		advise(f, call_status(d->call) == 404 ? "what answers there is no "
		    "coordinator: see gomote config get server" :
		    "see whether user and token are a pair (gomote config "
		    "tells where they come from); the operator can make a new token");
	}
	json_free(j);
}

static void
check_versions(struct doctor *d, struct finding *f)
{
	struct json	*j = json_parse(str_text(&d->answer), d->answer.len, NULL);
	const char	*theirs = json_str(j, "Version", NULL);

	if (theirs == NULL) {
		found(f, NOTE, "gomote %s, and a coordinator that does not tell: "
		    "not all commands work there", GOMOTE_VERSION);
		advise(f, "ask the operator for a newer one");
	} else if (str_eq(theirs, GOMOTE_VERSION)) {
		found(f, OK, "gomote %s, coordinator %s", GOMOTE_VERSION, theirs);
	} else {
		found(f, NOTE, "gomote %s, coordinator %s: each uses what both "
		    "know", GOMOTE_VERSION, theirs);
		advise(f, "install the same version if something is refused");
	}
	json_free(j);
}

/* --- the agent ------------------------------------------------------------------ */

/* What it says of itself; false: nothing. */
static bool
ask_agent(int fd, char text[AGENT_WIRE_MAX])
{
	int	passed = -1;
	bool	said;

	said = agent_wire_send(fd, "status", -1) == 0 &&
	    agent_wire_wait(fd, AGENT_MS, text, &passed) > 0;
	if (passed != -1)
		close(passed);
	return said;
}

static void
judge_agent(const struct agent_place *place, struct finding *f)
{
	char	 text[AGENT_WIRE_MAX], *p;
	int	 fd = agent_wire_connect(place->path, NULL);

	if (fd == -1) {
		found(f, OK, "none runs; the next command begins one");
		return;
	}
	if (ask_agent(fd, text)) {
		for (p = text; (p = strchr(p, '\t')) != NULL; )
			*p = ' ';
		found(f, OK, "%s", text);
	} else {
		found(f, WRONG, "the one at %s does not answer", place->path);
		advise(f, "remove that file; GOMOTE_AGENT=off does without agents");
	}
	close(fd);
}

static void
check_agent(struct doctor *d, struct finding *f)
{
	const struct cred	*c = &d->g->cred;
	struct agent_place	 place;
	struct err		 e = ERR_INIT;
	char			*ca;

	if (c->agent_ms == 0 || !d->to.tls) {
		found(f, OK, "%s", c->agent_ms == 0 ? "turned off" :
		    "none is needed without TLS");
		return;
	}
	ca = c->ca != NULL ? realpath(c->ca, NULL) : NULL;
	if ((c->ca != NULL && ca == NULL) || agent_place_init(&place,
	    d->to.address, ca, false, &e) == -1)
		found(f, NOTE, "there is none%s%s", *e.msg != '\0' ? ": " : "", e.msg);
	else {
		judge_agent(&place, f);
		agent_place_release(&place);
	}
	free(ca);
}

/* --- one after another ------------------------------------------------------------ */

static const struct check {
	const char	*name;
	void		(*run)(struct doctor *, struct finding *);
	unsigned	 needs;		/* bits of those that must not have failed */
} checks[] = {
	{ "config", check_config, 0 },
	{ "server", check_server, 1 << 0 },
	{ "certificate", check_certificate, 1 << 1 },
	{ "agent", check_agent, 1 << 1 },
	{ "clock", check_clock, 1 << 2 },
	{ "login", check_login, 1 << 2 },
	{ "versions", check_versions, 1 << 5 },
};

static void
print_finding(const char *name, const struct finding *f)
{
	static const struct {
		const char	*word;
		enum paint	 paint;
	} says[] = { { "ok", PAINT_GREEN }, { "note", PAINT_YELLOW },
	    { "WRONG", PAINT_RED }, { "-", PAINT_PLAIN } };
	bool		 colour = paint_wanted(STDOUT_FILENO);
	const char	*word = says[f->verdict].word;

	printf("%s%s%s%*s %-12s %s\n", paint_on(colour, says[f->verdict].paint),
	    word, paint_off(colour, says[f->verdict].paint),
	    (int)(6 - strlen(word)), "", name, str_text(&f->text));
	if (f->advice.len > 0)
		printf("%*s-> %s\n", 20, "", str_text(&f->advice));
	fflush(stdout);
}

static void
item_finding(struct doctor *d, const char *name, const struct finding *f)
{
	static const char *const words[] = { "ok", "note", "wrong", "skipped" };
	struct json		*j = json_object();

	json_set_str(j, "Check", name);
	json_set_str(j, "Verdict", words[f->verdict]);
	json_set_str(j, "Text", str_text(&f->text));
	json_set_str(j, "Advice", str_text(&f->advice));
	asjson_item(&d->out, j);
	json_free(j);
}

/* Whether it may be built upon. */
static bool
examine(struct doctor *d, const struct check *c, bool possible)
{
	struct finding	f = { SKIPPED, STR_INIT, STR_INIT };
	bool		well;

	if (possible)
		c->run(d, &f);
	else
		found(&f, SKIPPED, "not looked at, for what is wrong above");
	if (f.text.s != NULL)
		say_tame(f.text.s);
	if (d->json)
		item_finding(d, c->name, &f);
	else
		print_finding(c->name, &f);
	well = f.verdict == OK || f.verdict == NOTE;
	str_release(&f.text);
	str_release(&f.advice);
	return well;
}

static int
doctor_run(struct gomote *g, int argc, char **argv)
{
	struct doctor		 d = { .g = g, .out = ASJSON_INIT };
	const struct opt	 opts[] = {
		{ "json", OPT_BOOL, &d.json, NULL, "tell it as JSON" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	unsigned		 failed = 0;
	size_t			 i;
	int			 status, ret;

	if (cmd_options(&cmd_doctor, opts, argc, argv, 0, 0, &status) == -1)
		return status;
	for (i = 0; i < nitems(checks); i++)
		if (!examine(&d, &checks[i], (failed & checks[i].needs) == 0))
			failed |= 1u << i;
	ret = d.json ? asjson_end(&d.out, &e) : out_flush(&e);
	call_free(d.call);
	str_release(&d.answer);
	target_release(&d.to);
	config_release(&d.config);
	if (ret == -1)
		return cmd_fail(&e);
	return failed == 0 ? EXIT_OK : EXIT_FAILED;
}

const struct cmd cmd_doctor = { "doctor", "[-json]",
	"find out what is wrong between you and the coordinator",
	"Looks at your settings, the server, its certificate, the agent, the\n"
	"clocks, your login and the versions, and tells of each whether it is\n"
	"well, what is wrong, and what to do. Nothing is waited for longer than\n"
	"some seconds.\n\n"
	"  gomote doctor\n"
	"  gomote -server https://builds.example.org doctor",
	doctor_run };
