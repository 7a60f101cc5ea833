/*
 * agent_wire.h - what gomote and an agent say to each other over the agent's
 * socket: messages of text, each whole or not at all (SOCK_SEQPACKET).
 *
 * To the agent:
 *	dial KEY	lend me a connection; KEY as in agent_place.h
 *	keep SENT GOT	after ok: my requests are over, whole on both sides, and
 *			so many bytes went over the connection: lend it on
 *	status
 *	stop
 * From it:
 *	wait		a connection is being made
 *	ok		and with it one end of a socket pair: what goes in there goes
 *			over the connection, and back. Until this came, no byte did
 *	no WHY		go yourself
 * status and stop are answered by one message for people; that to stop begins
 * with AGENT_IN_USE if it will not end at once. The end of the socket without
 * keep means that the client is gone: its connection is cut.
 */
#ifndef CLIENT_AGENT_WIRE_H
#define CLIENT_AGENT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define AGENT_WIRE_MAX	4096	/* of a message, with a NUL */
#define AGENT_IN_USE	"in use: "

/* A socket to the agent at path, of which it is certain that it is of the same
 * user. Does not wait. -1 and e. */
int  agent_wire_connect(const char *path, struct err *e) MUST;
/* Its other side is a process of the same user. */
bool agent_wire_is_ours(int fd);

/* Sends a message, with a descriptor (-1: none), which stays the caller's. -1
 * and errno. Never waits. */
int  agent_wire_send(int fd, const char *text, int pass) MUST;
/* One message into buf, with a NUL, and a descriptor that came with it, else -1.
 * Returns its length; 0: the other side has closed, or sent what cannot be; -1
 * and errno, EAGAIN where there is none. */
ssize_t agent_wire_recv(int fd, char buf[AGENT_WIRE_MAX], int *passed) MUST;
/* The same, but waits for at most ms: then ETIMEDOUT. */
ssize_t agent_wire_wait(int fd, int ms, char buf[AGENT_WIRE_MAX], int *passed) MUST;

#endif
