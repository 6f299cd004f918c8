/* Links every library whole, so that a function defined in two of them is an error. */
int main(void)
{
    return 0;
}
