/* fakeagent.c - fakeagent [-user UID] PATH SAYS: listens where an agent of gomote
 * would, prints what it is asked, and answers SAYS; "": it only closes. With
 * -user it becomes that user once the socket is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
serve(int fd, const char *says)
{
	char	text[4096];
	ssize_t	n;
	int	c;

	while ((c = accept(fd, NULL, NULL)) != -1) {
		n = recv(c, text, sizeof text, 0);
		if (n > 0)
			printf("%.*s\n", (int)n, text);
		fflush(stdout);
		if (n > 0 && *says != '\0' &&
		    send(c, says, strlen(says), 0) == -1)
			perror("send");
		close(c);
	}
	return 1;
}

int
main(int argc, char **argv)
{
	struct sockaddr_un	un = { .sun_family = AF_UNIX };
	int			fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	long			user = -1;

	if (argc == 5 && strcmp(argv[1], "-user") == 0) {
		user = strtol(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc != 3 || strlen(argv[1]) >= sizeof un.sun_path) {
		fprintf(stderr, "usage: fakeagent [-user UID] PATH SAYS\n");
		return 2;
	}
	memcpy(un.sun_path, argv[1], strlen(argv[1]) + 1);
	/* Who listened is what the other side is told. */
	if (bind(fd, (struct sockaddr *)&un, sizeof un) == -1 ||
	    (user != -1 && setuid((uid_t)user) == -1) || listen(fd, 8) == -1) {
		perror(argv[1]);
		return 1;
	}
	return serve(fd, argv[2]);
}
