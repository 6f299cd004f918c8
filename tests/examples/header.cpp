// joint.h stands alone in C++ too: this has only to compile and link.
#include <joint.h>

int main()
{
    joint_config config;
    joint_call call;
    joint_config_default(&config);
    joint_call_default(&call);
    return config.threads == 1 && call.rows == 1 ? 0 : 1;
}
