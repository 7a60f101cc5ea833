/*
 * pushrole.h - what pushes do in helpers (roles.h):
 *
 *	pushcheck WORKDIR STATE DIR WAIT [id=HEX | look=PATH]...
 *		answers GET /push on stdout
 *	pushguests WORKDIR STATE DIR
 *		of the directories on stdin, each ended by a NUL, those that
 *		hold what no push put there, each ended by a NUL
 *	pushput WORKDIR STATE DIR WAIT
 *		PUT /push, the body by ring.h on stdin
 *
 * WAIT: how long to wait for another push, in ms.
 */
#ifndef BUILDLET_PUSHROLE_H
#define BUILDLET_PUSHROLE_H

int pushrole_check(int argc, char **argv);
int pushrole_guests(int argc, char **argv);
int pushrole_put(int argc, char **argv);

#endif
