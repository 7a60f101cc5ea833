/* answers.c - answers of several instances (answers.h). */
#include "client/answers.h"

#include "data/json.h"

/* NULL and e. */
static struct json *
parse(const struct str *text, struct err *e)
{
	struct json	*j = NULL;

	if (text->len > ANSWERS_MAX)
		err_set(e, "the answer has more than %d MiB",
		    ANSWERS_MAX / (1024 * 1024));
	else if ((j = json_parse(str_text(text), text->len, e)) == NULL)
		err_wrap(e, "the answer");
	return j;
}

int
answers_item(struct asjson *out, const char *instance, int status,
    const struct str *text, const char *error)
{
	struct json	*j = json_object(), *answer = NULL;
	struct err	 e = ERR_INIT;

	if (status == 0 && (answer = parse(text, &e)) == NULL) {
		status = 1;
		error = e.msg;
	}
	json_set_str(j, "Instance", instance);
	json_set_int(j, "ExitStatus", status);
	if (answer != NULL)
		json_set(j, "Answer", answer);
	else
		json_set_str(j, "Error", error != NULL ? error : "");
	asjson_item(out, j);
	json_free(j);
	return status;
}
