"""`python -m mobile`: the terminal phone."""

from mobile.terminal import main

raise SystemExit(main())
