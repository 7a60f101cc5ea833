/* present.c - things of the core as the outside sees them. */
#include "coordinator/present.h"

#include "api/types.h"

struct json *
present_instance_row(const struct instance_row *row)
{
	/* api_instance_json only reads. */
	const struct api_instance	a = {
		.user = (char *)row->user_key,
		.name = (char *)row->name,
		.host_type = (char *)row->host_type,
		.builder_type = (char *)row->builder_type,
		.created = row->created,
		.expires = row->expires,
	};

	return api_instance_json(&a);
}

struct json *
present_instance(struct instance *i)
{
	struct instance_row	row;

	instance_row_of(i, &row);
	return present_instance_row(&row);
}
