/* newid.c - random ids (newid.h). */
#include "client/newid.h"

#include <unistd.h>

#include "base/log.h"

void
newid(char id[NEWID_MAX])
{
	static const char	digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	unsigned char		random[NEWID_MAX - 1];
	int			i;

	/* Not evenly: the first four digits come a little more often. */
	if (getentropy(random, sizeof random) == -1)
		fatal("getentropy");
	for (i = 0; i < NEWID_MAX - 1; i++)
		id[i] = digits[random[i] % (sizeof digits - 1)];
	id[i] = '\0';
}
