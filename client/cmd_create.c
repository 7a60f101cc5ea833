/*
 * cmd_create.c - gomote create
 *
 * The request has a name of ours, so that it can be sent again after a break
 * of the connection: the coordinator then gives the instance that it had
 * made for it, or the place in the queue that it had.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/types.h"
#include "base/clock.h"
#include "client/asjson.h"
#include "client/builders.h"
#include "client/cmd.h"
#include "client/crowd.h"
#include "client/group.h"
#include "client/newid.h"
#include "client/out.h"
#include "client/patience.h"
#include "client/say.h"
#include "client/setup.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/stream.h"

#define LINE_MAX_LEN	(64 * 1024)
#define QUIET_MS	1000	/* nobody needs to hear of a shorter wait */

struct create {
	const char	*type;
	char		*new_group;	/* -new-group; NULL */
	bool		 list, json, status, setup;
	int64_t		 count;
	const struct setup *how;	/* NULL: only create it */
	struct form	*form;		/* the request */
	struct gomote	*g;
	size_t		 number;	/* of this one: from 1 on */
	struct loop	*loop;
	int64_t		 begun;
	char		*name;		/* of the instance; NULL: not yet */
};

static int
list_json(const struct builders *b, struct err *e)
{
	struct asjson	 out = ASJSON_INIT;
	struct json	*j;
	size_t		 i;

	for (i = 0; i < b->n; i++) {
		j = json_object();
		json_set_str(j, "Name", b->v[i].name);
		json_set_str(j, "HostType", b->v[i].host_type);
		json_set_str(j, "BootstrapURL", b->v[i].bootstrap);
		asjson_item(&out, j);
		json_free(j);
	}
	return asjson_end(&out, e);
}

static int
create_list(struct gomote *g, bool json, struct err *e)
{
	struct builders	 b;
	struct call	*c = cmd_call(g, NULL, e);
	size_t		 i;
	int		 ret;

	if (c == NULL)
		return -1;
	ret = builders_get(&b, c, e);
	call_free(c);
	if (ret == -1)
		return -1;
	if (json) {
		ret = list_json(&b, e);
		builders_release(&b);
		return ret;
	}
	for (i = 0; i < b.n; i++)
		printf("%s\t%s\n", b.v[i].name, b.v[i].host_type);
	if (b.n == 0)
		say_note("the coordinator offers no builder types");
	builders_release(&b);
	return out_flush(e);
}

/* {"message": why, "ahead": N} */
static void
create_waiting(const struct create *cr, const struct json *status)
{
	int64_t		 ahead = json_int(status, "ahead", 0);
	const char	*why = json_str(status, "message", "");
	int64_t		 ms = loop_now(cr->loop) - cr->begun;
	char		 took[CLOCK_TEXT_MAX];

	if (!cr->status || ms < QUIET_MS)
		return;
	clock_duration((ms + 500) / 1000 * 1000, took);
	say_note("still creating %s (%zu) after %s; %lld request%s ahead of you%s%s",
	    cr->type, cr->number, took, (long long)ahead, ahead == 1 ? "" : "s",
	    *why != '\0' ? ": " : "", why);
}

static int
create_done(struct create *cr, const struct json *buildlet, struct err *e)
{
	struct api_instance	i;

	if (cr->name != NULL)
		return err_set(e, "coordinator: create %s: a second answer came",
		    cr->type);
	if (api_instance_parse(&i, buildlet, e) == -1)
		return err_wrap(e, "coordinator: create %s: the answer", cr->type);
	cr->name = i.name;
	i.name = NULL;
	api_instance_release(&i);
	return 0;
}

/* One object, one of three kinds. */
static int
create_line(struct create *cr, const char *line, struct err *e)
{
	struct json	*j = json_parse(line, strlen(line), e);
	int		 ret = 0;

	if (j == NULL)
		return err_wrap(e, "coordinator: create %s: the answer", cr->type);
	if (json_get(j, "error") != NULL)
		ret = err_set(e, "coordinator: create %s: %s", cr->type,
		    json_str(j, "error", "failed"));
	else if (json_get(j, "buildlet") != NULL)
		ret = create_done(cr, json_get(j, "buildlet"), e);
	else if (json_get(j, "status") != NULL)
		create_waiting(cr, json_get(j, "status"));
	json_free(j);
	return ret;
}

static int
create_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct create	*cr = arg;
	char		*line;
	int		 too_long = 0, ret = 0;

	while (ret == 0 &&
	    (line = buf_line(b, LINE_MAX_LEN, &too_long)) != NULL) {
		if (*line != '\0')
			ret = create_line(cr, line, e);
		free(line);
	}
	return too_long ? err_set(e, "coordinator: create %s: the answer has "
	    "too long a line", cr->type) : ret;
}

/* One request, to its end. */
static int
create_ask(struct gomote *g, struct create *cr, const struct form *form,
    struct patience *p, int *status, struct err *e)
{
	struct call_request	 q = { .method = "POST",
	    .path = "/buildlet/create", .form = form, .doing = "create" };
	struct call		*c = cmd_call(g, NULL, e);
	int			 ret;

	*status = 0;
	if (c == NULL)
		return -1;
	if ((ret = call_send(c, &q, e)) == 0) {
		patience_back(p);
		ret = call_read(c, create_sink, cr, e);
	}
	if (ret == 0 && cr->name == NULL)
		ret = err_code(e, CALL_LOST, "coordinator: create %s: the "
		    "answer ended without an instance", cr->type);
	*status = call_status(c);
	call_free(c);
	return ret;
}

/* Again after a break, but only where the request may have arrived: a
 * coordinator that was not there at all is told of at once. */
static int
create_until(struct gomote *g, struct create *cr, const struct form *form,
    struct err *e)
{
	struct patience	*p = patience_new(g->loop, PATIENCE_MS);
	struct err	 why = ERR_INIT;
	bool		 sent = false;
	int		 status, ret;

	while ((ret = create_ask(g, cr, form, p, &status, &why)) == -1 &&
	    cr->name == NULL) {
		sent = sent || why.code == CALL_LOST || why.code == STREAM_RESET ||
		    why.code == STREAM_GONE;
		if (!sent || patience_judge(status, &why, sent) != PATIENCE_AGAIN) {
			*e = why;
			break;
		}
		if (patience_wait(p, &why, e) == -1)
			break;
	}
	patience_free(p);
	return cr->name != NULL ? 0 : ret;
}

/* Ready: its name is the answer, and comes before whatever else may be done. */
static int
create_tell(const struct create *cr, struct err *e)
{
	if (cr->count > 1 || cr->how != NULL)
		say_note("Creating %s...", cr->name);
	printf("%s\n", cr->name);
	return out_flush(e);
}

/* One of them, to its end. */
static int
create_one(struct gomote *g, struct create *cr, struct err *e)
{
	char	key[NEWID_MAX];
	int	ret;

	if (cmd_prepare(g, e) == -1)
		return -1;
	cr->loop = g->loop;
	cr->begun = loop_now(g->loop);
	newid(key);
	form_add(cr->form, "request", key);
	ret = create_until(g, cr, cr->form, e);
	if (ret == 0 && (ret = create_tell(cr, e)) == 0 && cr->how != NULL)
		ret = setup_do(cr->how, g, cr->name);
	free(cr->name);
	cr->name = NULL;
	return ret;
}

static void
drop_loop(struct gomote *g)
{
	if (g->loop == NULL)
		return;
	loop_turn(g->loop, 0);	/* what was to be freed later */
	loop_free(g->loop);
	g->loop = NULL;
}

static int
create_in_crowd(size_t i, void *arg)
{
	struct create	*cr = arg;
	struct err	 e = ERR_INIT;
	int		 ret;

	cr->number = i + 1;
	ret = create_one(cr->g, cr, &e);
	drop_loop(cr->g);
	return ret == -1 ? cmd_fail(&e) : ret;
}

/* All that were asked for. Gives the exit status; -1 and e. */
static int
create_instances(struct gomote *g, struct create *cr, struct err *e)
{
	struct setup	 setup = { .text = NULL };
	char		*group;
	int		 ret, signo = 0;

	if (cmd_prepare(g, e) == -1 ||
	    (cr->setup && setup_find(&setup, g, cr->type, e) == -1))
		return -1;
	if (group_for_create(&group, g, cr->new_group, e) == -1) {
		setup_release(&setup);
		return -1;
	}
	cr->form = form_new();
	form_add(cr->form, "version", API_CLIENT_VERSION);
	form_add(cr->form, "builderType", cr->type);
	if (group != NULL)
		form_add(cr->form, "group", group);
	free(group);
	cr->how = cr->setup ? &setup : NULL;
	cr->g = g;
	if (cr->count == 1)
		ret = create_one(g, cr, e);
	else {
		drop_loop(g);
		if (cr->setup)
			setup_several(&setup);
		ret = crowd_run((size_t)cr->count, create_in_crowd, cr, &signo, e);
	}
	form_free(cr->form);
	setup_release(&setup);
	if (signo != 0)
		(void)raise(signo);	/* so the shell begins a new line */
	return ret;
}

/* What would be taken for an instance's name, or for all that there is to say,
 * although something else was meant. */
static int
create_check(const struct create *cr)
{
	if (cr->count < 1 || cr->count > CROWD_MAX)
		return cmd_usage(&cmd_create, "-count %lld: not from 1 to %d",
		    (long long)cr->count, CROWD_MAX);
	if (cr->json && !cr->list && cr->type != NULL)
		return cmd_usage(&cmd_create, "-json goes with -list");
	if (cr->type != NULL && *cr->type == '\0')
		return cmd_usage(&cmd_create, "TYPE is empty");
	if (cr->list && cr->type != NULL)
		return cmd_usage(&cmd_create, "-list: of all, so without \"%s\"",
		    cr->type);
	if (cr->type == NULL && (cr->count > 1 || cr->setup || cr->new_group != NULL))
		return cmd_usage(&cmd_create, "%s: of which TYPE? (see gomote create "
		    "-list)", cr->setup ? "-setup" : cr->count > 1 ? "-count" :
		    "-new-group");
	return EXIT_OK;
}

static int
create_run(struct gomote *g, int argc, char **argv)
{
	struct create		 cr = { .status = true, .count = 1, .number = 1 };
	const struct opt	 opts[] = {
		{ "list", OPT_BOOL, &cr.list, NULL,
		    "print the builder types instead" },
		{ "count", OPT_INT, &cr.count, "N", "so many at once" },
		{ "setup", OPT_BOOL, &cr.setup, NULL,
		    "push $GOROOT to it, and build that there" },
		{ "json", OPT_BOOL, &cr.json, NULL, "with -list: as JSON" },
		{ "status", OPT_BOOL, &cr.status, NULL,
		    "say now and then what it waits for" },
		{ "new-group", OPT_STRING, &cr.new_group, "NAME",
		    "make this group first, and put the instance there" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	int			 i, status, ret;

	i = cmd_options(&cmd_create, opts, argc, argv, 0, 1, &status);
	if (i == -1)
		return status;
	cr.type = argv[i];
	if ((status = create_check(&cr)) != EXIT_OK)
		return status;
	if (cr.list || cr.type == NULL)
		ret = create_list(g, cr.json, &e);
	else
		ret = create_instances(g, &cr, &e);
	return ret == -1 ? cmd_fail(&e) : ret;
}

const struct cmd cmd_create = { "create",
	"[-count N] [-setup] [-status=false] [-new-group NAME]\n"
	"\t[-list [-json] | TYPE]",
	"get an instance, or list what there is",
	"Asks for an instance of builder type TYPE, waits for its turn, and\n"
	"prints the name of the instance. Without TYPE it prints the builder\n"
	"types that there are, each with its host type. While it waits it says\n"
	"what for, on stderr; interrupt it to withdraw the request.\n\n"
	"With -count it asks for several, and prints a name a line as they are\n"
	"granted; where one fails the others stay. With -setup each gets a push of\n"
	"$GOROOT, as by gomote push (one upload for all), and builds it with make.bash,\n"
	"or with what its builder type is configured for.\n\n"
	"  MOTE=$(gomote create linux-amd64)\n"
	"  GOROOT=/path/to/go gomote create -setup -count 3 linux-amd64",
	create_run };
