/*
 * newid.h - ids of execs, made here so that a request to begin one can be
 * repeated.
 */
#ifndef CLIENT_NEWID_H
#define CLIENT_NEWID_H

#define NEWID_MAX	11

/* 10 random characters of [0-9a-z], and NUL. */
void newid(char id[NEWID_MAX]);

#endif
