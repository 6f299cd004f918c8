/* Writes the table of routes as OpenAPI wants it: each path, each method, each answer. */
#include "scheduler/api/openapi.h"
#include "scheduler/api/route.h"

#include <stdio.h>
#include <string.h>

static void add_pair(struct page_text *text, const char *name, const char *value)
{
    page_text_add(text, "\"%s\":", name);
    page_text_add_json_string(text, value);
}

static void add_parameter(struct page_text *text, const struct route_parameter *parameter,
                          const char *place, bool is_required)
{
    page_text_add(text, "{");
    add_pair(text, "name", parameter->name);
    page_text_add(text, ",\"in\":\"%s\",\"required\":%s,\"schema\":{\"type\":\"%s\"},", place,
                  is_required ? "true" : "false", parameter->type);
    add_pair(text, "description", parameter->help);
    page_text_add(text, "}");
}

static void add_path_parameters(struct page_text *text, const struct route *route)
{
    static const struct route_parameter all[] = {
        {"model", false, "string", "A model's name; /v2/models lists them."},
        {"version", false, "integer", "A number from 1 on."}};
    const char *comma = "";
    page_text_add(text, "\"parameters\":[");
    for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char braced[16];
        snprintf(braced, sizeof(braced), "{%s}", all[i].name);
        if (!strstr(route->pattern, braced))
            continue;
        page_text_add(text, "%s", comma);
        add_parameter(text, &all[i], "path", true);
        comma = ",";
    }
    page_text_add(text, "],");
}

static void add_parameters(struct page_text *text, const struct route *route)
{
    page_text_add(text, "\"parameters\":[");
    for (const struct route_parameter *one = route->parameters; one->name; one++) {
        page_text_add(text, "%s", one == route->parameters ? "" : ",");
        add_parameter(text, one, one->is_header ? "header" : "query", false);
    }
    page_text_add(text, "]");
}

static void add_body_type(struct page_text *text, const struct route *route, unsigned status)
{
    if (status >= 400)
        page_text_add(text, ",\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
                            "\"#/components/schemas/Error\"}}}");
    else if (status < 300 && status != 204)
        page_text_add(text, ",\"content\":{\"%s\":{}}",
                      route->type ? route->type : "application/json");
}

static void add_answers(struct page_text *text, const struct route *route)
{
    bool has_400 = false;
    page_text_add(text, "\"responses\":{");
    for (const struct route_answer *answer = route->answers; answer->status; answer++) {
        page_text_add(text, "%s\"%u\":{", answer == route->answers ? "" : ",", answer->status);
        add_pair(text, "description", answer->help);
        add_body_type(text, route, answer->status);
        page_text_add(text, "}");
        has_400 |= answer->status == 400;
    }
    if (!has_400) {
        page_text_add(text, ",\"400\":{");
        add_pair(text, "description", "The request brings a body.");
        add_body_type(text, route, 400);
        page_text_add(text, "}");
    }
    page_text_add(text, "}");
}

static void add_body(struct page_text *text, const struct route *route)
{
    if (route->method != ROUTE_POST)
        return;
    page_text_add(text, ",\"requestBody\":{");
    add_pair(text, "description", route->body_help);
    page_text_add(text,
                  ",\"required\":false,\"content\":{\"application/json\":{\"schema\":{\"type\":"
                  "\"object\"}}}}");
}

static void add_operation(struct page_text *text, const struct route *route, const char *method)
{
    page_text_add(text, "\"%s\":{", method);
    add_pair(text, "summary", route->help);
    page_text_add(text, ",");
    add_parameters(text, route);
    add_body(text, route);
    page_text_add(text, ",");
    add_answers(text, route);
    if (route->needs_token)
        page_text_add(text, ",\"security\":[{\"token\":[]}]");
    page_text_add(text, "}");
}

static void add_path(struct page_text *text, const struct route *route)
{
    page_text_add_json_string(text, route->pattern);
    page_text_add(text, ":{");
    add_path_parameters(text, route);
    add_operation(text, route, route->method == ROUTE_POST ? "post" : "get");
    if (route->method == ROUTE_GET) {
        page_text_add(text, ",");
        add_operation(text, route, "head");
    }
    page_text_add(text, ",\"options\":{\"summary\":\"Which methods this path takes.\",");
    page_text_add(text, "\"responses\":{\"204\":{\"description\":\"Allow: %s\"}}}}",
                  route_allow(route));
}

void openapi_add(struct page_text *text)
{
    page_text_add(text, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"Joint\",\"version\":\"%s\",",
                  JOINT_VERSION);
    add_pair(text, "description",
             "A path of another method is answered with 405 and Allow, one that is not here with "
             "404. A line and headers over 16 KiB are answered with 413, 414 or 431.");
    page_text_add(text, "},\"paths\":{");
    for (uint32_t i = 0; i < route_count; i++) {
        page_text_add(text, "%s", i ? "," : "");
        add_path(text, &routes[i]);
    }
    page_text_add(text,
                  "},\"components\":{\"schemas\":{\"Error\":{\"type\":\"object\",\"required\":"
                  "[\"error\"],\"properties\":{\"error\":{\"type\":\"string\",\"description\":"
                  "\"What is wrong and what to do.\"}}}},\"securitySchemes\":{\"token\":{\"type\":"
                  "\"http\",\"scheme\":\"bearer\"}}}}\n");
}
