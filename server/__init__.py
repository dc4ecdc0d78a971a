"""The Hadir server; begin reading at main.py and app.py."""
