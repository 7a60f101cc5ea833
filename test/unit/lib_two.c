/* lib_two.c - see lib_two.h. */
#include "lib_two.h"

struct loop	*l;
struct rec	 a, b;

void
two_setup(void)
{
	l = loop_new(NULL);
	ck_assert_ptr_nonnull(l);
}

void
two_teardown(void)
{
	rec_release(&a);
	rec_release(&b);
	loop_turn(l, 0);
	loop_free(l);
}

void
two_pair(void)
{
	struct stream *ends[2];

	stream_pair(l, ends);
	rec_init(&a, ends[0]);
	rec_init(&b, ends[1]);
}
