/* main.c - runs the one suite of a unit test program; Check's environment
 * variables (CK_FORK, CK_RUN_CASE, CK_VERBOSITY) work as usual. */
#include "unit.h"

#include <stdlib.h>

int
main(void)
{
	SRunner	*sr = srunner_create(unit_suite());
	int	 failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
