/* Words of the choices, and which of them exclude each other. Reads no file.
 *
 * Invariant: what is refused here is refused before a file is read and a device is looked for; the
 * message names both options. */
#include "choices.h"

#include "host/kinds.h"
#include "host/log.h"

const char *choices_kind_word(int index)
{
    if (index == CHOICE_OPRF)
        return "oprf";
    const clf_kind_info *info = clf_kind_describe((clf_kind)index);
    return info ? info->name : NULL;
}

const char *choices_preset_word(int index)
{
    return clf_preset_name((clf_preset)index);
}

const char *choices_path_word(int index)
{
    return clf_path_name((clf_path)index);
}

const char *choices_dtype_word(int index)
{
    return clf_dtype_name((clf_dtype)index);
}

const char *choices_draw_word(int index)
{
    return clf_projection_kind_name((clf_projection_kind)index);
}

bool choices_oprf(const choices *c)
{
    return c->kind.given && c->kind.index == CHOICE_OPRF;
}

clf_kind choices_kind(const choices *c)
{
    if (!c->kind.given)
        return clfi_preset((clf_preset)c->preset.index)->softmax_kind;
    return choices_oprf(c) ? CLF_KIND_EXP : (clf_kind)c->kind.index;
}

const char *choices_kind_name(const choices *c)
{
    if (c->path.index == CLF_PATH_EXACT)
        return "softmax";
    return choices_kind_word(choices_oprf(c) ? CHOICE_OPRF : (int)choices_kind(c));
}

/* Exact attention has no features, so nothing that is about them may be given. */
static clf_status check_exact(const choices *c, const clf_log *log)
{
    clf_status status = CLF_OK;
    const struct {
        const char *name;
        bool given;
    } about_features[] = {
        {"kind", c->kind.given},
        {"preset", c->preset.index != CLF_PRESET_NONE},
        {"features", c->features != 0},
        {"A", c->A.given},
        {"kernel-eps", c->kernel_eps.given},
        {"deterministic", c->deterministic},
        {"draw", c->draw.given},
        {"projection", c->projection},
        {"bias", c->bias},
    };
    for (size_t i = 0; i < sizeof about_features / sizeof about_features[0]; i++)
        REQUIRE(!about_features[i].given, log,
                "--%s does not go with --path exact, which computes softmax without features",
                about_features[i].name);
fail:
    return status;
}

static clf_status check_weights(const choices *c, const clf_log *log)
{
    clf_status status = CLF_OK;
    REQUIRE(!c->bias || c->projection, log, "--bias %s needs the --projection that it goes with",
            c->bias);
    REQUIRE(!c->deterministic || !c->projection, log,
            "--deterministic makes features without a projection, but --projection %s is given",
            c->projection);
    REQUIRE(!c->draw.given || !c->projection, log,
            "--draw %s draws a W, but --projection %s is given", choices_draw_word(c->draw.index),
            c->projection);
    REQUIRE(!c->draw.given || !c->deterministic, log,
            "--deterministic makes features without a projection, but --draw %s is given",
            choices_draw_word(c->draw.index));
    REQUIRE(!choices_oprf(c) || !c->bias, log,
            "--kind oprf has a bias of its own, but --bias %s is given", c->bias);
fail:
    return status;
}

clf_status choices_check(const choices *c, const clf_log *log)
{
    clf_status status = CLF_OK;
    if (c->path.index == CLF_PATH_EXACT)
        return check_exact(c, log);
    const char *name = choices_kind_name(c);
    const clf_kind_info *kind = clf_kind_describe(choices_kind(c));
    const clfi_preset_row *preset = clfi_preset((clf_preset)c->preset.index);
    const bool oprf = choices_oprf(c);
    REQUIRE(oprf || !c->A.given, log, "--A %g is for --kind oprf, but the kind is %s", c->A.value,
            name);
    REQUIRE(kind->generalized || !c->kernel_eps.given, log,
            "--kernel-eps %g is for kinds f(Wx), relu for example, but the kind is %s",
            c->kernel_eps.value, name);
    REQUIRE(kind->generalized || !c->deterministic, log,
            "--deterministic is for kinds f(Wx), relu for example, but the kind is %s", name);
    REQUIRE(!kind->paired || c->features % 2 == 0, log,
            "--features %lld is odd, but %s features come in pairs", (long long)c->features, name);
    REQUIRE(clfi_preset_has(preset, choices_kind(c)) &&
                (!oprf || c->preset.index == CLF_PRESET_NONE),
            log, "--preset %s has no kind %s", preset->name, name);
    REQUIRE(preset->padding != CLFI_PADDING_REFUSED || !c->mask, log,
            "--preset %s has no key mask, but --mask %s is given", preset->name, c->mask);
    TRY(check_weights(c, log));
fail:
    return status;
}
