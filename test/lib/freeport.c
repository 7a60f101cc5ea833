/* freeport.c - prints a TCP port of 127.0.0.1 that nobody listens on, for
 * peers that cannot bind port 0 and say which they got (sshd). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

int
main(void)
{
	struct sockaddr_in	a = { .sin_family = AF_INET };
	socklen_t		len = sizeof a;
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof a) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1) {
		perror("freeport");
		return 1;
	}
	printf("%d\n", ntohs(a.sin_port));
	return 0;
}
