/*
 * create.c - POST /buildlet/create over a connection in this process: told lines,
 * an instance, and what becomes of one whose client does not hear of it.
 */
#include "unit.h"

#include "coordinator/face.h"
#include "coordinator/routes.h"
#include "core_fixture.h"
#include "http/route.h"

#define FORM	"version=20191119&builderType=b"
#define NO_MORE	8000

static struct fix		 fx;
static struct face		 face;
static struct user		 alice;
static struct http_server	*server;
static struct stream		*client;
static bool			 client_gone;

static bool
guard(struct http_req *r, const struct route *route, void *arg)
{
	(void)route;
	(void)arg;
	req_set_data(r, &alice);
	return true;
}

static void
on_request(struct http_req *r, void *arg)
{
	static const struct route	table[] = {
		{ "POST", "/buildlet/create", ROUTE_FORM, api_create },
		{ NULL, NULL, 0, NULL },
	};

	route_dispatch(table, r, guard, FACE_FORM_MAX, arg);
}

static void
up(void)
{
	struct http_limits	limits = { .idle_ms = LONG_MS, .stall_ms = LONG_MS };

	fix_up(&fx);
	memset(&face, 0, sizeof face);
	face.core = fx.core;
	alice = user_of("alice", -1);
	server = http_server_new(fx.loop, &limits, on_request, &face);
	client = NULL;
}

static void
hang_up(void)
{
	if (client != NULL)
		stream_close(client);
	client = NULL;
	settle(&fx);
}

static void
down(void)
{
	hang_up();
	http_server_free(server);
	settle(&fx);
	fix_down(&fx);
}

static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	(void)s;
	(void)why;
	(void)arg;
	client_gone = true;
}

/* A client that asks, and reads nothing by itself. */
static void
ask_create(const char *form)
{
	static const struct stream_cb	 cb = { .error = on_error };
	struct stream			*ends[2];
	char				*text;

	stream_pair(fx.loop, ends);
	client = ends[1];
	client_gone = false;
	stream_set_cb(client, &cb, NULL);
	http_server_serve(server, ends[0]);
	text = xasprintf("POST /buildlet/create HTTP/1.1\r\nHost: x\r\n"
	    "Content-Type: application/x-www-form-urlencoded\r\n"
	    "Content-Length: %zu\r\n\r\n%s", strlen(form), form);
	stream_write(client, text, strlen(text));
	free(text);
}

static bool
has_come(const char *word)
{
	struct evbuffer	*in = stream_in(client);
	const char	*p = buf_pullup(in, buf_len(in));

	return p != NULL && memmem(p, buf_len(in), word, strlen(word)) != NULL;
}

/* It waits and reads nothing, until no line gets through to it any more: as many
 * as fill what stands between the two, at less than a hundred bytes each. */
static void
stop_up(void)
{
	size_t	before = 0;
	int	same = 0, i;

	UNTIL(&fx, has_come("\"ahead\":0"));
	for (i = 0; i < 40000 && same < NO_MORE; i++) {
		clock_advance(loop_clock(fx.loop), 5001);
		loop_turn(fx.loop, 0);
		same = buf_len(stream_in(client)) == before ? same + 1 : 0;
		before = buf_len(stream_in(client));
	}
	ck_assert_int_eq(same, NO_MORE);
}

START_TEST(test_told)
{
	(void)fake_idle(&fx, "m1");
	ask_create(FORM);
	UNTIL(&fx, has_come("\"buildlet\":{\"User\":\"user-alice\",\"Name\":\"user-alice-b-0\""));
	settle(&fx);
	ck_assert(instance_claimed(instance_peek(fx.core, "user-alice-b-0")));
	hang_up();
	ck_assert_ptr_nonnull(instance_peek(fx.core, "user-alice-b-0"));
}
END_TEST

/* It leaves while its machine is prepared: nobody gets it, nothing is left. */
START_TEST(test_leaves_before)
{
	struct fake	*f = fake_idle(&fx, "m1");

	f->hold_wipe = true;
	ask_create(FORM);
	UNTIL(&fx, f->wipes == 2);
	hang_up();
	fake_cut(f);
	f->hold_wipe = false;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 0);
}
END_TEST

/* It hangs, until not even the line with the instance leaves us, and dies. */
START_TEST(test_dies_before_it_hears)
{
	ask_create(FORM);
	stop_up();
	fake_connect(fake_new(&fx, "m1"));
	UNTIL(&fx, instance_peek(fx.core, "user-alice-b-0") != NULL);
	settle(&fx);
	ck_assert(!instance_claimed(instance_peek(fx.core, "user-alice-b-0")));
	hang_up();
	ck_assert_ptr_null(instance_peek(fx.core, "user-alice-b-0"));
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
}
END_TEST

/* The same, but it has asked again, and been told, before it is seen to be dead. */
START_TEST(test_asks_again_before_it_is_seen_to_be_dead)
{
	struct stream	*first;

	ask_create(FORM "&request=abc001");
	stop_up();
	fake_connect(fake_new(&fx, "m1"));
	UNTIL(&fx, instance_peek(fx.core, "user-alice-b-0") != NULL);
	first = client;
	ask_create(FORM "&request=abc001");
	UNTIL(&fx, has_come("\"Name\":\"user-alice-b-0\""));
	stream_close(first);
	settle(&fx);
	ck_assert_ptr_nonnull(instance_peek(fx.core, "user-alice-b-0"));
	ck_assert_uint_eq(instance_count(fx.core, NULL), 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("create");
	TCase	*tc = tcase_create("create");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_told);
	tcase_add_test(tc, test_leaves_before);
	tcase_add_test(tc, test_dies_before_it_hears);
	tcase_add_test(tc, test_asks_again_before_it_is_seen_to_be_dead);
	suite_add_tcase(s, tc);
	return s;
}
